import { ExpiredRequest } from "./dated-handler.ts"
import type { Attempt } from "./ledger-attempt.ts"
import { countDynamo, countKinesis, countLambda, countS3, countSqs } from "./ledger-attempt.ts"

/** Requests and units of one kind of service, as its bill counts them. Numbers only: ledgers are added member by member. */
type Counts<Name extends string> = { readonly [name in Name]: number }

/**
 * What was asked of AWS, in the units of its bill. Every attempt counts, the SDK's own repetitions and refused writes
 * included; what was never sent (past its `notAfter`) does not.
 */
export interface Ledger {
  /** `puts` has PUT, COPY and POST; `gets` has GET and HEAD. Deletes are free. */
  readonly s3: Counts<"puts" | "lists" | "gets" | "deletes" | "bytesPut" | "bytesGot">
  /**
   * `refused`: writes that lost their condition or were cancelled, which are billed too. Units are the larger of what
   * the service tells and what the items' sizes come to: an emulator tells one unit for a read of any size, and
   * nobody tells a refused write's.
   */
  readonly dynamodb: Counts<
    | "gets"
    | "queries"
    | "puts"
    | "deletes"
    | "transactions"
    | "batches"
    | "others"
    | "refused"
    | "readUnits"
    | "writeUnits"
    | "bytesWritten"
    | "bytesRead"
  >
  /** `payloadUnits`: each record's data and key in pieces of 25 KB. */
  readonly kinesis: Counts<"puts" | "records" | "payloadUnits" | "bytesPut" | "others">
  /** `units`: requests in pieces of 64 KB. */
  readonly sqs: Counts<"calls" | "units">
  readonly lambda: Counts<"invocations" | "others" | "bytesSent">
  /** Calls of any other service. */
  readonly others: Counts<"calls">
}

/** A ledger that can be counted up. */
export type OpenLedger = {
  -readonly [service in keyof Ledger]: { -readonly [name in keyof Ledger[service]]: number }
}

export function emptyLedger(): OpenLedger {
  return {
    s3: { puts: 0, lists: 0, gets: 0, deletes: 0, bytesPut: 0, bytesGot: 0 },
    dynamodb: {
      gets: 0,
      queries: 0,
      puts: 0,
      deletes: 0,
      transactions: 0,
      batches: 0,
      others: 0,
      refused: 0,
      readUnits: 0,
      writeUnits: 0,
      bytesWritten: 0,
      bytesRead: 0,
    },
    kinesis: { puts: 0, records: 0, payloadUnits: 0, bytesPut: 0, others: 0 },
    sqs: { calls: 0, units: 0 },
    lambda: { invocations: 0, others: 0, bytesSent: 0 },
    others: { calls: 0 },
  }
}

/** The sum of two ledgers. */
export function addLedgers(left: Ledger, right: Ledger): Ledger {
  return combine(left, right, 1)
}

/** What came to a ledger after an earlier snapshot of it. */
export function diffLedgers(after: Ledger, before: Ledger): Ledger {
  return combine(after, before, -1)
}

/** A ledger without its zeros, for logs: services and members that count nothing are left out. */
export function ledgerToJson(ledger: Ledger): Record<string, Record<string, number>> {
  const told: Record<string, Record<string, number>> = {}
  for (const [service, counts] of Object.entries(ledger)) {
    const some = Object.entries(counts as Record<string, number>).filter(([, count]) => count !== 0)
    if (some.length > 0) told[service] = Object.fromEntries(some)
  }
  return told
}

function combine(left: Ledger, right: Ledger, sign: 1 | -1): Ledger {
  const result = emptyLedger()
  for (const service of Object.keys(result) as (keyof Ledger)[]) {
    const counts = result[service] as Record<string, number>
    const [ours, theirs] = [left[service], right[service]] as Record<string, number>[]
    for (const name of Object.keys(counts)) counts[name] = ours![name]! + sign * theirs![name]!
  }
  return result
}

/** Any client of the SDK. */
export interface SdkClient {
  readonly middlewareStack: object
}

type Next = (args: { input: object }) => Promise<{ output: object }>
type Middleware = (next: Next, context: { clientName?: string; commandName?: string }) => Next
interface Stack {
  add(middleware: Middleware, options: { step: "initialize"; name: string }): void
  addRelativeTo(
    middleware: Middleware,
    options: { relation: "after"; toMiddleware: string; name: string },
  ): void
}

const COUNT: Readonly<Record<string, (ledger: OpenLedger, attempt: Attempt) => void>> = {
  S3Client: countS3,
  DynamoDBClient: countDynamo,
  KinesisClient: countKinesis,
  SQSClient: countSqs,
  LambdaClient: countLambda,
}

/** Counts what the clients that it watches send. */
export class RequestLedger {
  readonly #counts = emptyLedger()

  /** Counts every request of this client from now on, and has DynamoDB tell the capacity that each takes. */
  watch(client: SdkClient): void {
    const stack = client.middlewareStack as unknown as Stack
    stack.add(askForCapacity, { step: "initialize", name: "askForCapacity" })
    // Inside of the SDK's own repetitions: each is billed.
    stack.addRelativeTo(this.#counting, {
      relation: "after",
      toMiddleware: "retryMiddleware",
      name: "countRequest",
    })
  }

  /** What was counted until now. */
  snapshot(): Ledger {
    return structuredClone(this.#counts)
  }

  toJSON(): Record<string, Record<string, number>> {
    return ledgerToJson(this.#counts)
  }

  readonly #counting: Middleware = (next, context) => async args => {
    const operation = (context.commandName ?? "").replace(/Command$/, "")
    const count = COUNT[context.clientName ?? ""]
    const finish = (attempt: Attempt) => {
      if (count === undefined) this.#counts.others.calls++
      else count(this.#counts, attempt)
    }
    const { input } = args
    try {
      const result = await next(args)
      finish({ operation, input, output: result.output })
      return result
    } catch (error) {
      if (!(error instanceof ExpiredRequest)) finish({ operation, input, error })
      throw error
    }
  }
}

const askForCapacity: Middleware = (next, context) => args =>
  context.clientName === "DynamoDBClient"
    ? next({ ...args, input: { ...args.input, ReturnConsumedCapacity: "TOTAL" } })
    : next(args)
