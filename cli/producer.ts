import { type Batch, lineFailure, ndjson } from "./batches.ts"
import { exitCodes, Failure } from "./failure.ts"
import { path, refusal, type Server } from "./http.ts"
import { again, type Delivery } from "./sender.ts"

/** Statuses after which the same request may succeed. */
const retryable = new Set([408, 429, 502, 503, 504])

/**
 * Delivers batches so that each record is in the log once, whatever has to be sent again: an idempotent producer with a
 * sequence a partition.
 */
export async function idempotent(server: Server, topic: string, key: string | undefined): Promise<Delivery> {
  const { id, epoch } = await server.json<{ id: string; epoch: number }>("/producers", { method: "POST" })
  const sequences = new Map<number, number>()
  return async (batch, took) => {
    const { partition, lines } = batch
    const sequence = sequences.get(partition) ?? 0
    const query = key === undefined ? "" : `&key=${encodeURIComponent(key)}`
    const url = `${path`/topics/${topic}/partitions/${partition}`}?summary${query}`
    const headers = {
      "content-type": "application/x-ndjson",
      "producer-id": id,
      "producer-epoch": String(epoch),
      "producer-seq": String(sequence),
    }
    const body = ndjson(lines)
    await again(() => attempt(server, url, { headers, body }, batch))
    sequences.set(partition, sequence + lines.length)
    took(lines.length)
  }
}

/** Undefined: acknowledged. A failure that is returned may pass; one that is thrown is final. */
async function attempt(
  server: Server,
  url: string,
  request: { headers: Record<string, string>; body: Buffer<ArrayBuffer> },
  { lines }: Batch,
): Promise<Failure | undefined> {
  let response: Response
  try {
    response = await server.send(url, { method: "POST", ...request })
  } catch (error) {
    if (error instanceof Failure) return error
    throw error
  }
  if (response.ok) {
    await response.arrayBuffer()
    return undefined
  }
  const { status, message, reason, detail } = await refusal(response)
  // Committed by an earlier try whose answer was lost.
  if (reason === "duplicate") return undefined
  if (retryable.has(status)) return new Failure(exitCodes.failed, message)
  throw lineFailure(message, detail.line, lines)
}
