import type { FunctionEnvironment, JobFigures } from "../../functions/environment.ts"
import type { Base } from "../../functions/runtime/base.ts"
import type { Cloud, QueuedMessage } from "../../functions/runtime/cloud.ts"
import type { HttpEvent } from "../../functions/runtime/http-event.ts"
import type { HttpResult } from "../../functions/runtime/http-result.ts"
import type { Invocation, Served } from "../../functions/runtime/lambda.ts"
import type { MetricName } from "../../functions/runtime/report.ts"
import type { Settings } from "../../functions/runtime/settings.ts"
import { type MemoryPorts, memoryPorts } from "../support/memory-ports.ts"

/** Settings of a function that has all of them. */
export const SETTINGS: Settings<
  | "MILLRACE_BUILD_FUNCTION"
  | "MILLRACE_MAINTAIN_FUNCTION"
  | "MILLRACE_DEAD_LETTERS"
  | "MILLRACE_STREAM"
  | "MILLRACE_AUTHENTICATION"
  | "MILLRACE_TIMERS"
> = {
  MILLRACE_APP: "shop",
  MILLRACE_STAGE: "test",
  MILLRACE_BUCKET: "bucket",
  MILLRACE_LOG_TABLE: "log",
  MILLRACE_META_TABLE: "meta",
  MILLRACE_BUILD_FUNCTION: "build",
  MILLRACE_MAINTAIN_FUNCTION: "maintain",
  MILLRACE_DEAD_LETTERS: "letters",
  MILLRACE_STREAM: "journal",
  MILLRACE_TIMERS: "timers",
  MILLRACE_AUTHENTICATION: JSON.stringify({ apiKey: true, iam: false }),
} satisfies FunctionEnvironment

/** What functions ask of AWS beside the stores, in memory. */
export class FakeCloud implements Cloud {
  readonly invoked: { readonly functionName: string; readonly event: object }[] = []
  readonly letters: QueuedMessage[] = []
  /** Handed over, and neither removed nor come back yet. */
  readonly handed: QueuedMessage[] = []
  readonly texts = new Map<string, string>()
  /** Answers of functions that are waited for. */
  answers: Readonly<Record<string, (event: object) => Promise<unknown>>> = {}
  /** What invocations fail of. */
  failure: Error | undefined
  #receipts = 0

  readonly invoker = {
    invokeLater: async (functionName: string, event: object) => {
      if (this.failure !== undefined) throw this.failure
      this.invoked.push({ functionName, event })
    },
    invoke: async (functionName: string, event: object) => {
      const answer = await this.answers[functionName]!(event)
      return answer === undefined ? undefined : JSON.parse(JSON.stringify(answer))
    },
  }

  readonly deadLetters = {
    send: async (body: string) => {
      if (this.failure !== undefined) throw this.failure
      this.letters.push({ body, receipt: String(++this.#receipts) })
    },
    receive: async (max: number) => {
      const messages = this.letters.splice(0, max)
      this.handed.push(...messages)
      return messages
    },
    remove: async (receipt: string) => {
      this.handed.splice(
        this.handed.findIndex(message => message.receipt === receipt),
        1,
      )
    },
    count: async () => this.letters.length + this.handed.length,
  }

  /** Messages to the queue of timers. */
  readonly timed: { readonly event: unknown; readonly delaySeconds: number }[] = []

  readonly timers = {
    send: async (body: string, delaySeconds: number) => {
      if (this.failure !== undefined) throw this.failure
      this.timed.push({ event: JSON.parse(body), delaySeconds })
    },
  }

  readonly outside = {
    readObject: async (bucket: string, key: string) => this.#text(`${bucket}/${key}`),
    readSecret: async (arn: string) => this.#text(arn),
  }

  #text(name: string): string {
    const text = this.texts.get(name)
    if (text === undefined) throw new Error(`${name} is not there`)
    return text
  }
}

export interface TestBase extends Base<typeof SETTINGS> {
  readonly ports: MemoryPorts
  readonly cloud: FakeCloud
  readonly lines: { readonly level: string; readonly message: string; readonly facts?: unknown }[]
  readonly counts: Map<MetricName, number>
  /** What was told of jobs. */
  readonly told: { readonly job: string; readonly figures: JobFigures; readonly at: number }[]
}

/** One environment of a function. Those that share stores and cloud are of one deployment. */
export function testBase(
  options: { ports?: MemoryPorts; cloud?: FakeCloud; settings?: Partial<FunctionEnvironment> } = {},
): TestBase {
  const lines: TestBase["lines"] = []
  const counts: TestBase["counts"] = new Map()
  const told: TestBase["told"] = []
  return {
    settings: { ...SETTINGS, ...options.settings } as typeof SETTINGS,
    ports: options.ports ?? memoryPorts(),
    cloud: options.cloud ?? new FakeCloud(),
    lines,
    counts,
    told,
    report: {
      info: (message, facts) => lines.push({ level: "info", message, facts }),
      warn: (message, facts) => lines.push({ level: "warn", message, facts }),
      error: (message, cause) => lines.push({ level: "error", message, facts: cause.message }),
    },
    meter: {
      count: (name, value) => value > 0 && counts.set(name, (counts.get(name) ?? 0) + value),
      tellJob: async (job, figures, at) => void told.push({ job, figures, at }),
    },
  }
}

/** An invocation with plenty of time. */
export const ample: Invocation = { leftMs: () => 300_000 }

/** A second environment over the same stores: nothing of the first one is known to it. */
export function coldBase(base: TestBase, seed: number): TestBase {
  return testBase({ ports: memoryPorts({ stores: base.ports.stores, seed }), cloud: base.cloud })
}

/** An HTTP API's event for `GET /topics?x=1`, as the gateway makes it. */
export function httpEvent(
  target: string,
  { headers = {}, body }: { headers?: Readonly<Record<string, string>>; body?: string | Uint8Array } = {},
): HttpEvent {
  const [method = "", url = ""] = target.split(" ", 2)
  const [path = "", query = ""] = url.split("?", 2)
  const isBase64Encoded = body instanceof Uint8Array
  return {
    version: "2.0",
    rawPath: decodeURIComponent(path),
    rawQueryString: query,
    headers,
    requestContext: { stage: "$default", http: { method } },
    isBase64Encoded,
    ...(body === undefined ? {} : { body: isBase64Encoded ? Buffer.from(body).toString("base64") : body }),
  }
}

/** The text of an answer. */
export function textOf({ body, isBase64Encoded }: HttpResult): string {
  return isBase64Encoded ? Buffer.from(body, "base64").toString() : body
}

/** Sends a request to a function behind the gateway. */
export async function callHttp(
  served: Served<HttpEvent, HttpResult>,
  target: string,
  request: Parameters<typeof httpEvent>[1] = {},
) {
  const result = await served.handle(httpEvent(target, request), ample)
  await served.idle?.()
  const text = textOf(result)
  return { status: result.statusCode, text, header: (name: string) => result.headers[name], result }
}
