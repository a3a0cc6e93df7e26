import { Readable } from "node:stream"
import type { AwsStores, AwsStoresOptions } from "../../shared/storage/aws/aws-stores.ts"
import { awsStores } from "../../shared/storage/aws/aws-stores.ts"
import type { RequestHandler } from "../../shared/storage/aws/dated-handler.ts"

type Request = Parameters<RequestHandler["handle"]>[0]
type Reply = Awaited<ReturnType<RequestHandler["handle"]>>

export interface Answer {
  readonly status?: number
  /** What goes as JSON for DynamoDB, as it is for S3. */
  readonly body?: object | string
  /** Epoch ms; default: `START`. */
  readonly date?: number
}

/** What a service answers, or what goes wrong before it does. */
export type Service = (operation: string, request: Request) => Answer | Error

export const START = Date.UTC(2026, 0, 1)
const OK: Answer = {}

/** Stores whose requests, signed and all, end at a function instead of a service; each is listed in `sent`. */
export function stubbedStores(service: Service, options: Partial<AwsStoresOptions> = {}) {
  const sent: string[] = []
  const carrier = (kind: "s3" | "dynamodb"): RequestHandler => ({
    async handle(request): Promise<Reply> {
      const operation = operationOf(kind, request)
      sent.push(operation)
      const answer = service(operation, request)
      if (answer instanceof Error) throw answer
      return { response: response(kind, answer) }
    },
    destroy() {},
  })
  const stores: AwsStores = awsStores({
    bucket: "bucket",
    tables: { log: "log", meta: "meta" },
    client: {
      endpoint: "http://127.0.0.1:9",
      region: "us-east-1",
      credentials: { accessKeyId: "test", secretAccessKey: "test" },
    },
    carry: carrier,
    ...options,
  })
  return { ...stores, sent }
}

/** Answers as if nothing stood anywhere, save for one operation. */
export function only(operation: string, answer: Answer | Error): Service {
  return asked => (asked === operation ? answer : OK)
}

/** DynamoDB's error of this name. */
export function dynamoError(name: string, more: object = {}, status = 400): Answer {
  return { status, body: { __type: `com.amazonaws.dynamodb.v20120810#${name}`, message: name, ...more } }
}

export function s3Error(status: number, code: string): Answer {
  const body = `<?xml version="1.0" encoding="UTF-8"?><Error><Code>${code}</Code><Message>${code}</Message></Error>`
  return { status, body }
}

function operationOf(kind: "s3" | "dynamodb", request: Request): string {
  if (kind === "dynamodb") return request.headers["x-amz-target"]!.replace(/^.*\./, "")
  return request.headers["if-none-match"] === "*" ? `${request.method} if absent` : request.method
}

function response(kind: "s3" | "dynamodb", answer: Answer): Reply["response"] {
  const { status = 200, body, date = START } = answer
  const text = typeof body === "string" ? body : kind === "dynamodb" ? JSON.stringify(body ?? {}) : ""
  return {
    statusCode: status,
    headers: {
      date: new Date(date).toUTCString(),
      "content-type": kind === "dynamodb" ? "application/x-amz-json-1.0" : "application/xml",
    },
    body: Readable.from([Buffer.from(text)]),
  } as Reply["response"]
}
