import { HEAD_END, HttpConnection } from "./http-connection.ts"

/** For large replies: what comes is gathered, not copied again and again. */
export class ReadConnection extends HttpConnection<Buffer> {
  #chunks: Buffer[] = []
  #bytes = 0
  /** Of the whole reply, once its head is there. */
  #expected = Number.POSITIVE_INFINITY
  #bodyAt = 0

  protected take(chunk: Buffer): void {
    this.#chunks.push(chunk)
    this.#bytes += chunk.length
    if (this.#expected === Number.POSITIVE_INFINITY) {
      const first = this.#chunks.length === 1 ? chunk : Buffer.concat(this.#chunks)
      const head = first.indexOf(HEAD_END)
      if (head < 0) return
      const text = first.toString("latin1", 0, head)
      if (!text.startsWith("HTTP/1.1 200")) {
        this.failed?.(new Error(first.toString("utf8", 0, 500)))
        return
      }
      this.#bodyAt = head + HEAD_END.length
      this.#expected = this.#bodyAt + Number(/content-length: (\d+)/i.exec(text)?.[1] ?? 0)
    }
    if (this.#bytes < this.#expected) return
    const body = Buffer.concat(this.#chunks).subarray(this.#bodyAt)
    this.#chunks = []
    this.#bytes = 0
    this.#expected = Number.POSITIVE_INFINITY
    this.done?.(body)
  }
}
