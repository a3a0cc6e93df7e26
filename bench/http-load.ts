import { HEAD_END, HttpConnection } from "./http-connection.ts"

/** One request as the bytes that go over the wire, made once and sent many times. */
export function requestBytes(
  method: string,
  path: string,
  headers: Readonly<Record<string, string>>,
  body: Uint8Array,
): Buffer {
  const lines = [`${method} ${path} HTTP/1.1`, "host: 127.0.0.1", `content-length: ${body.length}`]
  for (const [name, value] of Object.entries(headers)) lines.push(`${name}: ${value}`)
  return Buffer.concat([Buffer.from(`${lines.join("\r\n")}\r\n\r\n`), body])
}

/** For small replies, whose bodies are text. */
export class LoadConnection extends HttpConnection<string> {
  #received: Buffer = Buffer.alloc(0)

  protected take(chunk: Buffer): void {
    this.#received = this.#received.length === 0 ? chunk : Buffer.concat([this.#received, chunk])
    const head = this.#received.indexOf(HEAD_END)
    if (head < 0) return
    const text = this.#received.toString("latin1", 0, head)
    const length = Number(/content-length: (\d+)/i.exec(text)?.[1] ?? 0)
    const end = head + HEAD_END.length + length
    if (this.#received.length < end) return
    const body = this.#received.toString("utf8", head + HEAD_END.length, end)
    this.#received = this.#received.subarray(end)
    if (text.startsWith("HTTP/1.1 200")) this.done?.(body)
    else this.failed?.(new Error(`${text.split("\r\n")[0]}: ${body.slice(0, 300)}`))
  }
}
