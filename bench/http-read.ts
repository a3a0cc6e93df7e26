import { connect, type Socket } from "node:net"

const HEAD_END = Buffer.from("\r\n\r\n")

/** A keep-alive connection for large replies: what comes is gathered, not copied again and again. */
export class ReadConnection {
  readonly #socket: Socket
  #chunks: Buffer[] = []
  #bytes = 0
  /** Of the whole reply, once its head is there. */
  #expected = Number.POSITIVE_INFINITY
  #bodyAt = 0
  #done: ((body: Buffer) => void) | undefined
  #failed: ((error: Error) => void) | undefined

  constructor(port: number) {
    this.#socket = connect({ port, host: "127.0.0.1", noDelay: true })
    this.#socket.on("data", chunk => this.#take(chunk))
    this.#socket.on("error", error => this.#failed?.(error))
    this.#socket.on("close", () => this.#failed?.(new Error("the server closed the connection")))
  }

  /** Sends the bytes of a request; resolves to the body of a 200, rejects on anything else. */
  send(request: Buffer): Promise<Buffer> {
    return new Promise((resolve, reject) => {
      this.#done = resolve
      this.#failed = reject
      this.#socket.write(request)
    })
  }

  #take(chunk: Buffer): void {
    this.#chunks.push(chunk)
    this.#bytes += chunk.length
    if (this.#expected === Number.POSITIVE_INFINITY) {
      const first = this.#chunks.length === 1 ? chunk : Buffer.concat(this.#chunks)
      const head = first.indexOf(HEAD_END)
      if (head < 0) return
      const text = first.toString("latin1", 0, head)
      if (!text.startsWith("HTTP/1.1 200")) {
        this.#failed?.(new Error(first.toString("utf8", 0, 500)))
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
    this.#done?.(body)
  }

  close(): void {
    this.#failed = undefined
    this.#socket.destroy()
  }
}
