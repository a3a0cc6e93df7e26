import { joinPieces } from "../../shared/log/records/frames.ts"
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

/** Requests through a `fetch` function. */
export function fetchTransport(fetch: FetchFunction): Transport {
  return async ({ method, url, headers, body, signal }) => {
    const init = { method, headers: { ...headers }, signal }
    const reply = await fetch(url, body === undefined ? init : { ...init, body: joinPieces(body) })
    const bytes = new Uint8Array(await reply.arrayBuffer())
    return { status: reply.status, header: name => reply.headers.get(name) ?? undefined, body: bytes }
  }
}
