import { connect, type Socket } from "node:net"

export const HEAD_END = Buffer.from("\r\n\r\n")

/** A keep-alive connection that sends one request after the other. As little client as there can be. */
export abstract class HttpConnection<Body> {
  readonly #socket: Socket
  protected done: ((body: Body) => void) | undefined
  protected failed: ((error: Error) => void) | undefined

  constructor(port: number) {
    this.#socket = connect({ port, host: "127.0.0.1", noDelay: true })
    this.#socket.on("data", chunk => this.take(chunk))
    this.#socket.on("error", error => this.failed?.(error))
    this.#socket.on("close", () => this.failed?.(new Error("the server closed the connection")))
  }

  /** Takes what came; calls `done` or `failed` once a reply is whole. */
  protected abstract take(chunk: Buffer): void

  /** Sends the bytes of a request; resolves to the body of a 200, rejects on anything else. */
  send(request: Buffer): Promise<Body> {
    return new Promise((resolve, reject) => {
      this.done = resolve
      this.failed = reject
      this.#socket.write(request)
    })
  }

  close(): void {
    this.failed = undefined
    this.#socket.destroy()
  }
}
