import type { Transport } from "./natives.ts"

/** What is needed of `fetch`; the global one fits. */
export type FetchFunction = (
  url: string,
  init: {
    method: string
    headers: Record<string, string>
    body?: Uint8Array<ArrayBuffer>
    signal: AbortSignal
  },
) => Promise<{
  readonly status: number
  readonly headers: { get(name: string): string | null }
  arrayBuffer(): Promise<ArrayBuffer>
}>

function joined(pieces: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(pieces.reduce((sum, piece) => sum + piece.length, 0))
  let at = 0
  for (const piece of pieces) {
    whole.set(piece, at)
    at += piece.length
  }
  return whole
}

/** Requests through a `fetch` function. */
export function fetchTransport(fetch: FetchFunction): Transport {
  return async ({ method, url, headers, body, signal }) => {
    const init = { method, headers: { ...headers }, signal }
    const reply = await fetch(url, body === undefined ? init : { ...init, body: joined(body) })
    const bytes = new Uint8Array(await reply.arrayBuffer())
    return { status: reply.status, header: name => reply.headers.get(name) ?? undefined, body: bytes }
  }
}
