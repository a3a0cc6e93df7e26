/** An issuer publishes a few keys; more than this is something else. */
const BYTES_MAX = 256 * 1024
/** A request waits for it. */
const ANSWER_MS_MAX = 5_000

/** Reads a JSON document over HTTPS. Rejects when there is none, when it takes too long, or when it is too large. */
export async function fetchJson(url: string): Promise<unknown> {
  const response = await fetch(url, { signal: AbortSignal.timeout(ANSWER_MS_MAX), redirect: "error" })
  if (!response.ok) throw new Error(`${url} answered ${response.status}`)
  const body = await response.bytes()
  if (body.length > BYTES_MAX) throw new Error(`${url} answered ${body.length} bytes`)
  return JSON.parse(Buffer.from(body).toString())
}
