import type { NodeHttpHandler } from "@smithy/node-http-handler"
import type { StoreDate } from "./store-date.ts"

type HttpRequest = Parameters<NodeHttpHandler["handle"]>[0]
type HttpOptions = NonNullable<Parameters<NodeHttpHandler["handle"]>[1]>
type HttpReply = Awaited<ReturnType<NodeHttpHandler["handle"]>>

/** What carries signed requests: Node's handler, or a test's around it. */
export type RequestHandler = Pick<NodeHttpHandler, "handle" | "destroy">

/** Goes with one call of an SDK client, whose options reach the request handler as they are. */
export interface StoreCall extends HttpOptions {
  /** Store time (epoch ms) after which the request is not sent. */
  readonly notAfter?: number
  /** The response's date, once there is one, also of an error. */
  date?: number
}

/** The request was not sent: it was past its `notAfter`. */
export class ExpiredRequest extends Error {
  override readonly name = "ExpiredRequest"
}

/**
 * The last thing that happens to a request, after it was signed, and the first to its response: here `notAfter` is
 * checked and the `Date` is read. What freezes this process after the check cannot delay a write for ever, for the
 * service refuses a signature that is 15 minutes old (with a wall clock ahead of the service's, older by as much: the
 * SDK corrects its own from four minutes on). Protocols leave a margin for that.
 */
export class DatedHandler {
  readonly metadata = { handlerProtocol: "http/1.1" }
  readonly #carrier: RequestHandler
  readonly #date: StoreDate

  constructor(carrier: RequestHandler, date: StoreDate) {
    this.#carrier = carrier
    this.#date = date
  }

  async handle(request: HttpRequest, call: StoreCall = {}): Promise<HttpReply> {
    if (call.notAfter !== undefined && this.#date.isPast(call.notAfter)) {
      throw new ExpiredRequest("the request came to be sent after its notAfter")
    }
    const sent = this.#date.moment()
    const reply = await this.#carrier.handle(request, { abortSignal: call.abortSignal })
    call.date = this.#date.answered(sent, reply.response.headers.date)
    return reply
  }

  destroy(): void {
    this.#carrier.destroy()
  }

  // The SDK offers to change the handler's settings; they are the carrier's own.
  updateHttpClientConfig(): void {}

  httpHandlerConfigs(): Record<string, never> {
    return {}
  }
}
