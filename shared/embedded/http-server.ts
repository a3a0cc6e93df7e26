import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http"
import type { AddressInfo } from "node:net"
import { errorReply } from "../api/error-reply.ts"
import { ApiError } from "../api/errors.ts"
import type { Api, ApiRequest, ApiResponse } from "../api/types.ts"
import { collectBody, hasBody } from "./http-body.ts"
import { checkCaller, isLoopback } from "./http-guard.ts"

/** Requests at once: far more than a laptop's clients open, few enough that their state stays small. */
const REQUESTS_MAX = 1_024

/** Bytes of bodies held at once: 64 of the largest, so that slow senders cannot fill the memory. */
const BODIES_BYTES_MAX = 256 * 1024 * 1024

/** A client that needs longer for one request's bytes is broken or hostile. */
const RECEIVE_MS_MAX = 60_000

/** Idle connections stay this long, longer than clients' own pools keep theirs, so that no reused one is just closing. */
const KEEP_ALIVE_MS = 65_000

/** How long `close` waits for requests under way. */
const CLOSE_MS_DEFAULT = 10_000

export interface HttpServerOptions {
  readonly api: Api
  /** 0 picks a free one. */
  readonly port: number
  /** A loopback address, or with `authenticated` any of this machine. Default 127.0.0.1. */
  readonly host?: string
  /** The API asks everybody who he is; strangers are turned away before their bodies are read. */
  readonly authenticated?: boolean
  /** Default 1,024. */
  readonly requestsMax?: number
}

export interface HttpServer {
  readonly port: number
  /** Such as `http://127.0.0.1:7070`. */
  readonly url: string
  /**
   * Takes no new requests, ends long polls, waits for the rest, then cuts what is left.
   * @param graceMs how long to wait, default 10 s
   */
  close(graceMs?: number): Promise<void>
}

export type HttpServerErrorCode = "port_in_use" | "port_refused" | "host_refused"

/** Why the server cannot listen. */
export class HttpServerError extends Error {
  override readonly name = "HttpServerError"
  readonly code: HttpServerErrorCode

  constructor(code: HttpServerErrorCode, message: string, options?: { cause?: unknown }) {
    super(message, options)
    this.code = code
  }
}

function listenError(error: NodeJS.ErrnoException, host: string, port: number): HttpServerError {
  const at = `${host}:${port}`
  if (error.code === "EADDRINUSE") {
    const message = `Port ${port} is in use on ${host}: choose another with --port, or stop what listens there.`
    return new HttpServerError("port_in_use", message, { cause: error })
  }
  return new HttpServerError("port_refused", `Cannot listen on ${at}: ${error.message}.`, { cause: error })
}

function listen(server: Server, host: string, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once("error", error => reject(listenError(error, host, port)))
    server.listen({ port, host, backlog: REQUESTS_MAX }, () =>
      resolve((server.address() as AddressInfo).port),
    )
  })
}

function send(response: ServerResponse, { status, headers, body }: ApiResponse, head: boolean): void {
  if (response.destroyed) return
  const pieces = Array.isArray(body) ? (body as readonly Uint8Array[]) : undefined
  const length =
    pieces === undefined
      ? Buffer.byteLength(body as string | Uint8Array)
      : pieces.reduce((sum, piece) => sum + piece.length, 0)
  const bodyless = status === 204 || head
  response.writeHead(status, bodyless ? headers : { ...headers, "content-length": length })
  if (bodyless) {
    response.end()
    return
  }
  if (pieces === undefined) {
    response.end(body)
    return
  }
  response.cork()
  for (const piece of pieces) response.write(piece)
  response.end()
  response.uncork()
}

/** The API's view of a Node request. Its abort signal is made only for handlers that look at it. */
function apiRequest(request: IncomingMessage, response: ServerResponse, body: Uint8Array): ApiRequest {
  const url = request.url ?? "/"
  const mark = url.indexOf("?")
  let signal: AbortSignal | undefined
  return {
    method: request.method ?? "GET",
    path: mark < 0 ? url : url.slice(0, mark),
    query: mark < 0 ? "" : url.slice(mark + 1),
    headers: request.headers as Record<string, string | undefined>,
    body,
    get signal() {
      if (signal !== undefined) return signal
      const controller = new AbortController()
      signal = controller.signal
      if (response.destroyed) controller.abort()
      else response.once("close", () => response.writableFinished || controller.abort())
      return signal
    },
  }
}

const NO_BODY = new Uint8Array()

class NodeHttpServer implements HttpServer {
  readonly #api: Api
  readonly #server: Server
  readonly #requestsMax: number
  readonly #authenticated: boolean
  readonly #budget = { bytes: BODIES_BYTES_MAX }
  #host = ""
  #requests = 0
  #closing = false
  port = 0

  constructor({ api, requestsMax = REQUESTS_MAX, authenticated = false }: HttpServerOptions) {
    this.#api = api
    this.#authenticated = authenticated
    this.#requestsMax = requestsMax
    this.#server = createServer(
      { requestTimeout: RECEIVE_MS_MAX, keepAliveTimeout: KEEP_ALIVE_MS, noDelay: true },
      (request, response) => void this.#serve(request, response),
    )
    // Without this listener Node sends 100 Continue before anybody has looked at the length.
    this.#server.on("checkContinue", (request, response) => void this.#serve(request, response, true))
  }

  get url(): string {
    return `http://${this.#host.includes(":") ? `[${this.#host}]` : this.#host}:${this.port}`
  }

  async open(host: string, port: number): Promise<void> {
    this.port = await listen(this.#server, host, port)
    this.#host = host
    this.#server.on("error", () => undefined)
  }

  async #serve(request: IncomingMessage, response: ServerResponse, expectsContinue = false): Promise<void> {
    this.#requests++
    // Until the last byte is out: a reply that nobody reads takes memory too.
    response.once("close", () => this.#requests--)
    const reply = await this.#answer(request, response, expectsContinue)
    if (reply === undefined) return
    if (this.#closing) response.shouldKeepAlive = false
    send(response, reply, request.method === "HEAD")
    if (!request.complete) request.resume()
  }

  /** Undefined: the client went away before its request was whole. */
  async #answer(
    request: IncomingMessage,
    response: ServerResponse,
    expectsContinue: boolean,
  ): Promise<ApiResponse | undefined> {
    if (this.#closing) return errorReply(new ApiError("closing", "The server is stopping; try again soon."))
    if (this.#requests > this.#requestsMax) {
      const message = `More than ${this.#requestsMax} requests at once; try again soon.`
      return errorReply(new ApiError("busy", message))
    }
    const foreign = checkCaller(request.method ?? "GET", request.headers, this.#authenticated)
    if (foreign !== undefined) return errorReply(foreign)
    const refused = this.#authenticated ? await this.#refusal(request, response) : undefined
    if (refused !== undefined) return refused
    if (request.destroyed) return undefined
    const collected = await collectBody(request, response, this.#budget, expectsContinue)
    if (collected.outcome === "gone") return undefined
    if (collected.outcome === "refused") return errorReply(collected.error)
    const reply = await this.#api.handle(apiRequest(request, response, collected.body))
    this.#budget.bytes += collected.reserved
    return reply
  }

  /** Asked before there is a body; `handle` asks again, which what is kept of keys makes cheap. */
  async #refusal(request: IncomingMessage, response: ServerResponse): Promise<ApiResponse | undefined> {
    if (!hasBody(request)) return undefined
    return await this.#api.refusal(apiRequest(request, response, NO_BODY))
  }

  async close(graceMs = CLOSE_MS_DEFAULT): Promise<void> {
    this.#closing = true
    const closed = new Promise<void>(resolve => this.#server.close(() => resolve()))
    this.#api.close()
    this.#server.closeIdleConnections()
    const timer = setTimeout(() => this.#server.closeAllConnections(), graceMs)
    await closed
    clearTimeout(timer)
  }
}

/**
 * Serves an API over HTTP/1.1: on a loopback address, or where it asks everybody who he is on any.
 * @throws HttpServerError `port_in_use`, `port_refused`, `host_refused`
 */
export async function startHttpServer(options: HttpServerOptions): Promise<HttpServer> {
  const { host = "127.0.0.1", port, authenticated = false } = options
  if (!authenticated && !isLoopback(host)) {
    throw new HttpServerError(
      "host_refused",
      `Will not listen on ${host}: nobody is asked who he is, so only loopback addresses (127.0.0.1, ::1, localhost) are served.`,
    )
  }
  const server = new NodeHttpServer(options)
  await server.open(host, port)
  return server
}
