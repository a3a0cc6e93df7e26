/** What an issuer publishes takes a few KB. */
const JSON_BYTES_MAX = 1024 * 1024

/** A request with a token waits for it. */
const FETCH_MS_MAX = 5_000

/** Reads a JSON document from the network. Rejects when there is none within bounds. */
export async function fetchJson(url: string): Promise<unknown> {
  const signal = AbortSignal.timeout(FETCH_MS_MAX)
  const response = await fetch(url, { signal, redirect: "error", headers: { accept: "application/json" } })
  if (!response.ok) throw new Error(`${url} answered ${response.status}`)
  const pieces: Uint8Array[] = []
  let bytes = 0
  for await (const piece of response.body ?? []) {
    bytes += piece.length
    if (bytes > JSON_BYTES_MAX) throw new Error(`${url} answered more than ${JSON_BYTES_MAX} bytes`)
    pieces.push(piece)
  }
  return JSON.parse(Buffer.concat(pieces).toString("utf8"))
}
