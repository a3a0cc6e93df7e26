import { Agent, type IncomingMessage, request as plainRequest, type RequestOptions } from "node:http"
import { Agent as TlsAgent, request as tlsRequest } from "node:https"
import type { Transport, WireReply, WireRequest } from "./natives.ts"

/** Where a reply names no length, this is made room for at first. */
const UNKNOWN_BYTES = 64 * 1024

/** Requests through Node's own HTTP client, which for large bodies costs a fraction of what `fetch` does. */
export function httpTransport(): Transport {
  const plain = new Agent({ keepAlive: true })
  const tls = new TlsAgent({ keepAlive: true })
  return wire => {
    const isTls = wire.url.startsWith("https:")
    return send(wire, isTls ? tlsRequest : plainRequest, isTls ? tls : plain)
  }
}

function send(wire: WireRequest, request: typeof plainRequest, agent: Agent): Promise<WireReply> {
  return new Promise((resolve, reject) => {
    const { method, url, body, signal } = wire
    const length = body?.reduce((sum, piece) => sum + piece.length, 0)
    const headers = length === undefined ? wire.headers : { ...wire.headers, "content-length": length }
    const options: RequestOptions = { method, agent, signal, headers }
    const outgoing = request(url, options, incoming => {
      collect(incoming).then(resolve, reject)
    })
    outgoing.on("error", reject)
    outgoing.setNoDelay(true)
    if (body === undefined) {
      outgoing.end()
      return
    }
    outgoing.cork()
    for (const piece of body) outgoing.write(piece)
    outgoing.end()
    outgoing.uncork()
  })
}

function collect(incoming: IncomingMessage): Promise<WireReply> {
  return new Promise((resolve, reject) => {
    const { "content-length": length } = incoming.headers
    let body = Buffer.allocUnsafeSlow(length === undefined ? UNKNOWN_BYTES : Number(length))
    let at = 0
    incoming.on("data", (chunk: Buffer) => {
      if (at + chunk.length > body.length) {
        const grown = Buffer.allocUnsafeSlow(Math.max(2 * body.length, at + chunk.length))
        grown.set(body.subarray(0, at))
        body = grown
      }
      body.set(chunk, at)
      at += chunk.length
    })
    incoming.on("end", () => {
      const header = (name: string) => {
        const value = incoming.headers[name]
        return Array.isArray(value) ? value.join(", ") : value
      }
      resolve({ status: incoming.statusCode ?? 0, header, body: body.subarray(0, at) })
    })
    incoming.on("error", reject)
    incoming.on("aborted", () => reject(new Error("the connection ended within the reply")))
  })
}
