import { lineFailure, ndjson, place } from "./batches.ts"
import { exitCodes, Failure } from "./failure.ts"
import { path, refusal, type Server } from "./http.ts"
import type { Line } from "./line-source.ts"
import { again, type Delivery } from "./sender.ts"

/** What the server says when it may have taken records, and nobody can tell: in an answer's entry, or as the answer. */
const UNKNOWN = { errorCode: 50311, reason: "outcome_unknown" } as const

interface Entry {
  readonly count: number
  readonly error_code?: number
  readonly error?: string
}

/**
 * Delivers batches to the server's journal. What was refused is sent again; what may have been taken is not, since it
 * would then stand twice: that fails, and names the first such line.
 */
export function journalled(server: Server, topic: string, key: string | undefined): Delivery {
  const query = key === undefined ? "" : `&key=${encodeURIComponent(key)}`
  const headers = { "content-type": "application/x-ndjson" }
  return async ({ partition, lines }, took) => {
    const url = `${path`/topics/${topic}/partitions/${partition}`}?ack=journal${query}`
    let left = lines
    await again(async () => {
      const tried = await attempt(server, url, { headers, body: ndjson(left) }, left)
      took(tried.taken)
      left = left.slice(tried.taken)
      if (tried.final === true) throw tried.problem
      return tried.problem
    })
  }
}

interface Outcome {
  /** How many of the first lines. */
  readonly taken: number
  /** Why the next one was not. */
  readonly problem?: Failure
  /** It is not to be sent again. */
  readonly final?: true
}

/** Throws `Failure` where no line is to be sent again. */
async function attempt(
  server: Server,
  url: string,
  request: { headers: Record<string, string>; body: Buffer<ArrayBuffer> },
  lines: readonly Line[],
): Promise<Outcome> {
  let response: Response
  try {
    response = await server.send(url, { method: "POST", ...request })
  } catch (error) {
    if (!(error instanceof Failure)) throw error
    // Nobody listens: then nobody has taken anything.
    if ((error.cause as NodeJS.ErrnoException | undefined)?.code === "ECONNREFUSED") {
      return { taken: 0, problem: error }
    }
    throw unknown(error.message, lines)
  }
  if (response.status === 202) return outcome((await response.json()) as { entries: Entry[] }, lines)
  const { status, message, reason, detail } = await refusal(response)
  if (reason === UNKNOWN.reason) throw unknown(message, lines)
  if (status === 429 || (status === 503 && reason !== "")) {
    return { taken: 0, problem: new Failure(exitCodes.failed, message) }
  }
  if (status >= 500 || status === 408) throw unknown(message, lines)
  throw lineFailure(message, detail.line, lines)
}

/** A partition's entries hold the lines in their order, and nothing follows one that failed. */
function outcome({ entries }: { readonly entries: readonly Entry[] }, lines: readonly Line[]): Outcome {
  let taken = 0
  for (const { count, error_code: code, error } of entries) {
    if (code === undefined) taken += count
    else if (code === UNKNOWN.errorCode) {
      return { taken, problem: unknown(String(error), lines.slice(taken)), final: true }
    } else return { taken, problem: new Failure(exitCodes.failed, String(error)) }
  }
  return { taken }
}

function unknown(message: string, lines: readonly Line[]): Failure {
  const from = lines[0] === undefined ? "" : ` from ${place(lines[0])} on`
  return new Failure(exitCodes.failed, `Records${from} may or may not have been taken: ${message}`)
}
