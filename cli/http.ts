import { exitCodes, Failure } from "./failure.ts"

export interface CallOptions {
  readonly method?: "GET" | "POST" | "DELETE"
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

  /** @param url such as `http://127.0.0.1:7070`; throws `Failure` (usage) where it is none */
  constructor(url: string) {
    const parsed = URL.canParse(url) ? new URL(url) : undefined
    if (parsed === undefined || !/^https?:$/.test(parsed.protocol)) {
      throw new Failure(exitCodes.usage, `--url: expected http://host:port, got ${JSON.stringify(url)}`)
    }
    this.#base = parsed.href.replace(/\/+$/, "")
  }

  /** One request. Throws `Failure` (unreachable); statuses are the caller's to judge. */
  async send(path: string, options: CallOptions = {}): Promise<Response> {
    try {
      return await fetch(this.#base + path, { ...options })
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
  post<T>(path: string, body: object): Promise<T> {
    const headers = { "content-type": "application/json" }
    return this.json(path, { method: "POST", headers, body: JSON.stringify(body) })
  }
}

/** Reads the error out of a response that is not ok; anything that is no error of the API is told by its status. */
export async function refusal(response: Response): Promise<Refusal> {
  const { status } = response
  const text = await response.text().catch(() => "")
  try {
    const { message, reason, ...detail } = JSON.parse(text) as Record<string, unknown>
    if (typeof message === "string") return { status, message, reason: String(reason ?? ""), detail }
  } catch {
    // Not JSON: no server of ours, or something in between.
  }
  return { status, message: `The server answered ${status} ${text.slice(0, 200)}`, reason: "", detail: {} }
}
