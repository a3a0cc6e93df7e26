import { expect } from "vitest"
import type { Client } from "../client.ts"
import { pause } from "../support.ts"

/** Between tries, ms. */
const RETRY_MS = 50
const NDJSON = { "content-type": "application/x-ndjson" }

/** In `size` at most, in their order. */
export function chunks<T>(values: readonly T[], size: number): T[][] {
  return Array.from({ length: Math.ceil(values.length / size) }, (_, i) =>
    values.slice(i * size, (i + 1) * size),
  )
}

/**
 * Sends values as a producer does that must have each stored once: in sequence, and again until there is an answer.
 *
 * @returns how many requests had to be sent again
 */
export async function sendAsProducer(
  client: Client,
  { topic, producer, size }: { topic: string; producer: string; size: number },
  values: readonly string[],
  onStored = () => {},
): Promise<number> {
  let sent = 0
  let again = 0
  for (const chunk of chunks(values, size)) {
    const headers = {
      ...NDJSON,
      "producer-id": producer,
      "producer-epoch": "0",
      "producer-seq": String(sent),
    }
    while (!(await isStored(client, `POST /topics/${topic}?summary`, { headers, body: chunk.join("\n") }))) {
      again++
      await pause(RETRY_MS)
    }
    sent += chunk.length
    onStored()
  }
  return again
}

async function isStored(
  client: Client,
  target: string,
  call: { headers: Record<string, string>; body: string },
) {
  const answer = await client.call(target, call).catch(() => undefined)
  if (answer === undefined || answer.status >= 500 || answer.status === 429) return false
  if (answer.status === 409) expect(answer.json.reason).toBe("duplicate")
  else expect({ status: answer.status, text: answer.text }).toMatchObject({ status: 200 })
  return true
}

/** Sends values through the journal, one request after the other. */
export async function sendThroughJournal(
  client: Client,
  topic: string,
  values: readonly string[],
  size: number,
  onTaken = () => {},
) {
  const entries: unknown[] = []
  for (const chunk of chunks(values, size)) {
    const answer = await client.call(`POST /topics/${topic}?ack=journal`, {
      headers: NDJSON,
      body: chunk.join("\n"),
    })
    expect({ status: answer.status, text: answer.text }).toMatchObject({ status: 202 })
    entries.push(answer.json)
    onTaken()
  }
  return entries
}
