import { exitCodes, Failure } from "./failure.ts"
import type { ServerOptions } from "./options.ts"

export interface CallOptions {
  readonly method?: "GET" | "POST" | "PUT" | "PATCH" | "DELETE"
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string | Uint8Array<ArrayBuffer>
  readonly signal?: AbortSignal
}

/** What the server says of a failure. */
export interface Refusal {
  readonly status: number
  readonly message: string
  /** The failure's name: `gap`, `unknown_topic` … */
  readonly reason: string
  readonly detail: Readonly<Record<string, unknown>>
}

/** Makes a URL from a path template: every value is one percent-encoded segment. */
export function path(strings: TemplateStringsArray, ...values: readonly (string | number)[]): string {
  return String.raw({ raw: strings }, ...values.map(value => encodeURIComponent(value)))
}

/** A server that answers the API. */
export class Server {
  readonly #base: string
  readonly #authorization: Readonly<Record<string, string>>

  /**
   * Throws `Failure` (usage) where the URL is none such as `http://127.0.0.1:7070`, or the key cannot be one. A key is
   * never part of a message.
   */
  constructor({ url, apiKey = "" }: ServerOptions) {
    const parsed = URL.canParse(url) ? new URL(url) : undefined
    if (parsed !== undefined && (parsed.username !== "" || parsed.password !== "")) {
      const message = "--url: expected no user or password; the key is for MILLRACE_KEY or --api-key"
      throw new Failure(exitCodes.usage, message)
    }
    if (parsed === undefined || !/^https?:$/.test(parsed.protocol)) {
      throw new Failure(exitCodes.usage, `--url: expected http://host:port, got ${JSON.stringify(url)}`)
    }
    if (!/^[\x21-\x7e]*$/.test(apiKey)) {
      const message = "--api-key (MILLRACE_KEY): expected printable ASCII characters without spaces"
      throw new Failure(exitCodes.usage, message)
    }
    this.#authorization = apiKey === "" ? {} : { authorization: `Bearer ${apiKey}` }
    this.#base = parsed.href.replace(/\/+$/, "")
  }

  /** One request. Throws `Failure` (unreachable); statuses are the caller's to judge. */
  async send(path: string, options: CallOptions = {}): Promise<Response> {
    try {
      const headers = { ...options.headers, ...this.#authorization }
      return await fetch(this.#base + path, { ...options, headers })
    } catch (error) {
      if (options.signal?.aborted) throw error
      const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error
      const why = (cause as NodeJS.ErrnoException).code ?? (cause as Error).message
      const hint = "Is the server running? `millrace start` starts one; --url names another."
      throw new Failure(exitCodes.unreachable, `Cannot reach ${this.#base} (${why}). ${hint}`, { cause })
    }
  }

  /** One request that must succeed. Throws `Failure` with the server's words where it does not. */
  async call(path: string, options: CallOptions = {}): Promise<Response> {
    const response = await this.send(path, options)
    if (!response.ok) throw new Failure(exitCodes.failed, (await refusal(response)).message)
    return response
  }

  /** A JSON answer. */
  async json<T>(path: string, options: CallOptions = {}): Promise<T> {
    return (await (await this.call(path, options)).json()) as T
  }

  /** A JSON answer to a JSON body. */
  post<T>(path: string, body: object, method: "POST" | "PUT" | "PATCH" = "POST"): Promise<T> {
    const headers = { "content-type": "application/json" }
    return this.json(path, { method, headers, body: JSON.stringify(body) })
  }
}

/** Reads the error out of a response that is not ok; anything that is no error of the API is told by its status. */
export async function refusal(response: Response): Promise<Refusal> {
  const { status } = response
  const text = await response.text().catch(() => "")
  try {
    const { message, reason, ...detail } = JSON.parse(text) as Record<string, unknown>
    if (typeof message === "string") {
      const hint = status === 401 ? ". MILLRACE_KEY or --api-key gives the key." : ""
      return { status, message: message + hint, reason: String(reason ?? ""), detail }
    }
  } catch {
    // Not JSON: no server of ours, or something in between.
  }
  return { status, message: `The server answered ${status} ${text.slice(0, 200)}`, reason: "", detail: {} }
}
