import { type FetchFunction, fetchTransport } from "./edge/fetch-transport.ts"
import { natives, type Transport, type WireReply } from "./edge/natives.ts"
import { ClientError, type ErrorForm, serverError } from "./errors.ts"
import { pause } from "./timing.ts"

/** Above every wait that the server makes (25 s). */
const REQUEST_TIMEOUT_MS = 30_000
const RETRY_BACKOFF_MS = 100
const RETRY_BACKOFF_MS_MAX = 1_000
/** How long a call that may be repeated is tried again. */
const CALL_TIMEOUT_MS = 60_000

export interface ConnectionOptions {
  /** Where the server is, such as `http://127.0.0.1:7070`, or a deployment's API. */
  readonly url: string
  /** A key, or a token of the issuer: sent as `Authorization: Bearer`. A function is asked before every request. */
  readonly token?: string | (() => string | Promise<string>)
  /** Sent with every request. */
  readonly headers?: Readonly<Record<string, string>>
  /** How long one request may take, ms. Default 30,000. */
  readonly requestTimeoutMs?: number
  /** The first pause before a request is repeated, ms; each further one is twice as long. Default 100. */
  readonly retryBackoffMs?: number
  /** The longest pause, ms. Default 1,000. */
  readonly retryBackoffMsMax?: number
  /** Carries the requests. Default: Node's HTTP client, in browsers `fetch`. */
  readonly fetch?: FetchFunction
}

/** What one request is made of, besides its path. */
export interface CallOptions {
  readonly body?: object
  /** Instead of `body`, bytes and their type. */
  readonly pieces?: readonly Uint8Array[]
  readonly contentType?: string
  readonly accept?: string
  readonly signal?: AbortSignal
  /** Default: the connection's. */
  readonly timeoutMs?: number
}

const decoder = new TextDecoder()
const encoder = new TextEncoder()

/** Sends requests to one server. Keeps nothing that has to be closed. */
export class Connection {
  readonly #url: string
  readonly #options: ConnectionOptions
  readonly #transport: Transport

  constructor(options: ConnectionOptions) {
    if (!/^https?:\/\/[^/]/.test(options.url))
      throw new ClientError(
        "invalid",
        `url: expected http:// or https://, got ${JSON.stringify(options.url)}`,
      )
    this.#url = options.url.replace(/\/+$/, "")
    this.#options = options
    this.#transport = options.fetch === undefined ? natives().transport : fetchTransport(options.fetch)
  }

  /** How long one request may take, ms. */
  get requestTimeoutMs(): number {
    return this.#options.requestTimeoutMs ?? REQUEST_TIMEOUT_MS
  }

  /** The pause before the next attempt, ms, with a fifth of chance. @param attempt from 1 on */
  backoffMs(attempt: number, error?: ClientError): number {
    const { retryBackoffMs = RETRY_BACKOFF_MS, retryBackoffMsMax = RETRY_BACKOFF_MS_MAX } = this.#options
    const pauseMs = Math.min(retryBackoffMsMax, retryBackoffMs * 2 ** Math.min(attempt - 1, 20))
    const { retryAfterMs, retryAfter = 0 } = error?.detail ?? {}
    const told = error?.status === 429 ? 1_000 * Number(retryAfter) : 0
    return Math.max(Number(retryAfterMs ?? told), pauseMs * (0.8 + 0.4 * Math.random()))
  }

  /** One request, once. Rejects with `ClientError`; a reply of any other status than 2xx is one. */
  async send(method: string, path: string, options: CallOptions = {}): Promise<WireReply> {
    const { body, signal } = options
    const timeoutMs = options.timeoutMs ?? this.requestTimeoutMs
    const headers = await this.#headers(options)
    const pieces = options.pieces ?? (body && [encoder.encode(JSON.stringify(body))])
    const own = new AbortController()
    const stop = () => own.abort()
    signal?.addEventListener("abort", stop, { once: true })
    if (signal?.aborted === true) own.abort()
    let late = false
    const timer = setTimeout(() => {
      late = true
      own.abort()
    }, timeoutMs)
    const request = { method, url: this.#url + path, headers, signal: own.signal }
    try {
      const reply = await this.#transport(pieces === undefined ? request : { ...request, body: pieces })
      if (reply.status < 200 || reply.status > 299) throw replyError(`${method} ${path}`, reply)
      return reply
    } catch (cause) {
      if (cause instanceof ClientError) throw cause
      throw unanswered(`${method} ${path}`, this.#url, late ? timeoutMs : undefined, cause)
    } finally {
      clearTimeout(timer)
      signal?.removeEventListener("abort", stop)
    }
  }

  /**
   * A request that may be repeated: again after failures that pass, for up to `timeoutMs` (default 60,000) in all, and the
   * JSON of its reply; undefined where that is empty.
   */
  async call<T>(method: string, path: string, options: CallOptions = {}): Promise<T> {
    const { body } = await this.persist(method, path, options)
    return (body.length === 0 ? undefined : parseJson(decoder.decode(body), path)) as T
  }

  /** As `call`, for the reply itself. */
  async persist(method: string, path: string, options: CallOptions = {}): Promise<WireReply> {
    const { timeoutMs = CALL_TIMEOUT_MS, signal } = options
    const until = performance.now() + timeoutMs
    for (let attempt = 1; ; attempt++) {
      const left = until - performance.now()
      const most = Math.max(1, Math.min(left, this.requestTimeoutMs))
      try {
        return await this.send(method, path, { ...options, timeoutMs: most })
      } catch (error) {
        const failure = error as ClientError
        const pauseMs = this.backoffMs(attempt, failure)
        if (!failure.retriable || signal?.aborted === true || performance.now() + pauseMs > until)
          throw failure
        await pause(pauseMs, signal)
      }
    }
  }

  async #headers({ contentType, accept, body, pieces }: CallOptions): Promise<Record<string, string>> {
    const { token, headers } = this.#options
    const secret = typeof token === "function" ? await asked(token) : token
    return {
      ...headers,
      ...(secret !== undefined && { authorization: `Bearer ${secret}` }),
      ...(accept !== undefined && { accept }),
      ...((body ?? pieces) !== undefined && { "content-type": contentType ?? "application/json" }),
    }
  }
}

export function parseJson(text: string, what: string): unknown {
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw new ClientError("corrupt_reply", `${what}: the reply is no JSON; is this a Millrace server?`, {
      cause,
    })
  }
}

/** Whoever gives tokens may be away for a while, as the server may. */
async function asked(token: () => string | Promise<string>): Promise<string> {
  try {
    return await token()
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause)
    throw new ClientError("unreachable", `token: the function that gives it failed (${why})`, {
      cause,
      retriable: true,
    })
  }
}

function replyError(what: string, { status, body, header }: WireReply): ClientError {
  let form: ErrorForm = {}
  try {
    form = JSON.parse(decoder.decode(body)) as ErrorForm
  } catch {
    // What stands before the server answers in its own words.
  }
  const retryAfter = Number(header("retry-after") ?? Number.NaN)
  return serverError(what, Number.isNaN(retryAfter) ? form : ({ ...form, retryAfter } as ErrorForm), status)
}

function unanswered(what: string, url: string, timeoutMs: number | undefined, cause: unknown): ClientError {
  if (timeoutMs !== undefined) {
    const message = `${what}: no answer from ${url} within ${Math.round(timeoutMs)} ms`
    return new ClientError("request_timeout", message, { cause, retriable: true })
  }
  const why = cause instanceof Error ? cause.message : String(cause)
  const message = `${what}: ${url} cannot be reached (${why}); is the server running, and the url right?`
  return new ClientError("unreachable", message, { cause, retriable: true })
}
