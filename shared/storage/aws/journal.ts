import type { KinesisClientConfig } from "@aws-sdk/client-kinesis"
import { KinesisClient, PutRecordsCommand } from "@aws-sdk/client-kinesis"
import { NodeHttpHandler } from "@smithy/node-http-handler"
import type { Journal, JournalPut, JournalRecord } from "../journal.ts"
import { JOURNAL_PUT_RECORDS_MAX } from "../journal.ts"
import { checkJournalPut, journalRecordBytes } from "../journal-checks.ts"
import { Pause } from "../settle.ts"
import type { Clock } from "../time.ts"
import type { RequestHandler } from "./dated-handler.ts"
import { DatedHandler } from "./dated-handler.ts"
import type { RequestLedger } from "./ledger.ts"
import { codeOf, refusalOf } from "./sdk-errors.ts"
import { sequenceOf } from "./sequence.ts"
import { StoreDate } from "./store-date.ts"

/** Within a region a connection takes a few milliseconds. */
const CONNECT_MS = 2_000
/** Kinesis answers in some tens of milliseconds; what takes this long is lost. */
const REQUEST_MS = 6_000
/** PutRecords takes this much in one call, keys included. */
const CALL_BYTES_MAX = 5 * 1024 * 1024
/** A shard's throughput is counted by the second: what is refused for longer wants more shards, or fewer records. */
const THROTTLED_MS_MAX = 4_000

/** Refused for load, beside the names that all services share. */
const THROTTLES = new Set(["KMSThrottlingException", "LimitExceededException", "ResourceInUseException"])

export interface KinesisJournalOptions {
  /** The stream's name: with a slash before the shard's id it makes the shard's name in positions. */
  readonly stream: string
  /** Default: as the SDK finds them, in the environment or the machine's role. */
  readonly client?: Pick<KinesisClientConfig, "region" | "endpoint" | "credentials">
  /** How long to wait, ms; an emulator on a loaded machine wants more than a region. */
  readonly timeouts?: { readonly connectMs?: number; readonly requestMs?: number }
  /** This process's clock. Default: Node's. */
  readonly clock?: Clock
  /** Counts every request. Default: none is. */
  readonly ledger?: RequestLedger
  /** Wraps what carries signed requests: to disturb them. */
  readonly carry?: (service: "kinesis", carrier: RequestHandler) => RequestHandler
}

export interface KinesisJournal extends Journal {
  /** Closes the connections. */
  close(): Promise<void>
}

/** A journal on a Kinesis stream, which must be there; nothing is sent before the first put. */
export function kinesisJournal(options: KinesisJournalOptions): KinesisJournal {
  const clock = options.clock ?? nodeClock
  const carrier = new NodeHttpHandler({
    connectionTimeout: options.timeouts?.connectMs ?? CONNECT_MS,
    requestTimeout: options.timeouts?.requestMs ?? REQUEST_MS,
    throwOnRequestTimeout: true,
  })
  const carried = options.carry?.("kinesis", carrier) ?? carrier
  const requestHandler = new DatedHandler(carried, new StoreDate(clock))
  // Who repeats a request decides what it may do twice: that is not left to the SDK.
  const client = new KinesisClient({ ...options.client, requestHandler, maxAttempts: 1 })
  options.ledger?.watch(client)
  return {
    put: async records => new Put(client, options.stream, clock, records).run(),
    close: async () => requestHandler.destroy(),
  }
}

const nodeClock: Clock = {
  now: () => Date.now(),
  elapsed: () => performance.now(),
  sleep: (ms, signal) =>
    new Promise(resolve => {
      const timer = setTimeout(resolve, ms)
      signal?.addEventListener("abort", () => resolve(clearTimeout(timer)), { once: true })
    }),
}

/** What one record of one call came to. `throttled`: not taken, and worth another try. */
type Tried = JournalPut | { readonly outcome: "throttled"; readonly cause: unknown }

/**
 * One put. PutRecords may take a later record of a key and refuse an earlier one, so that no call has two of one key:
 * they go in rounds.
 */
class Put {
  readonly #client: KinesisClient
  readonly #stream: string
  readonly #clock: Clock
  readonly #records: readonly JournalRecord[]
  readonly #puts: JournalPut[]
  /** For each key, its records that are not decided yet, in order. */
  readonly #left = new Map<string, number[]>()

  constructor(client: KinesisClient, stream: string, clock: Clock, records: readonly JournalRecord[]) {
    checkJournalPut(records)
    this.#client = client
    this.#stream = stream
    this.#clock = clock
    // Later rounds send what was given now.
    this.#records = records.map(({ key, data }) => ({ key, data: data.slice() }))
    this.#puts = new Array(records.length)
    for (const [index, { key }] of records.entries()) {
      const own = this.#left.get(key)
      if (own === undefined) this.#left.set(key, [index])
      else own.push(index)
    }
  }

  async run(): Promise<readonly JournalPut[]> {
    const pause = new Pause(this.#clock)
    const giveUpAt = this.#clock.elapsed() + THROTTLED_MS_MAX
    while (this.#left.size > 0) {
      const calls = this.#round()
      const tried = await Promise.all(calls.map(call => this.#call(call)))
      const last = this.#clock.elapsed() >= giveUpAt
      let throttled = false
      for (const [at, call] of calls.entries()) {
        for (const [place, index] of call.entries()) {
          const outcome = tried[at][place]
          if (outcome.outcome !== "throttled") this.#decide(index, outcome)
          else if (last) this.#decide(index, { outcome: "refused", cause: outcome.cause })
          else throttled = true
        }
      }
      if (throttled) await pause.wait()
    }
    return this.#puts
  }

  /** The first record left of each key, in calls within the service's bounds. */
  #round(): number[][] {
    const calls: number[][] = []
    let bytes = Number.POSITIVE_INFINITY
    for (const [index] of this.#left.values()) {
      const size = journalRecordBytes(this.#records[index])
      let call = calls.at(-1)
      if (call === undefined || call.length === JOURNAL_PUT_RECORDS_MAX || bytes + size > CALL_BYTES_MAX) {
        call = []
        calls.push(call)
        bytes = 0
      }
      call.push(index)
      bytes += size
    }
    return calls
  }

  /** Nothing of a key follows what was not taken. */
  #decide(index: number, put: JournalPut): void {
    this.#puts[index] = put
    const { key } = this.#records[index]
    const left = this.#left.get(key)!
    left.shift()
    if (put.outcome !== "committed") for (const later of left.splice(0)) this.#puts[later] = REFUSED
    if (left.length === 0) this.#left.delete(key)
  }

  async #call(indexes: readonly number[]): Promise<Tried[]> {
    const Records = indexes.map(index => {
      const { key, data } = this.#records[index]
      return { PartitionKey: key, Data: data }
    })
    try {
      const answer = await this.#client.send(new PutRecordsCommand({ StreamName: this.#stream, Records }))
      return indexes.map((_, place) => this.#triedOf(answer.Records?.[place]))
    } catch (error) {
      const tried = failed(error)
      return indexes.map(() => tried)
    }
  }

  #triedOf(
    result: { ShardId?: string; SequenceNumber?: string; ErrorCode?: string; ErrorMessage?: string } = {},
  ): Tried {
    const { ShardId, SequenceNumber, ErrorCode, ErrorMessage } = result
    if (ShardId !== undefined && SequenceNumber !== undefined) {
      const position = { shard: `${this.#stream}/${ShardId}`, sequence: sequenceOf(SequenceNumber) }
      return { outcome: "committed", position }
    }
    const cause = Object.assign(new Error(ErrorMessage ?? "no answer for the record"), {
      name: ErrorCode ?? "",
    })
    // Anything else, an internal failure above all, does not tell whether the record was taken.
    return isThrottle(cause) ? { outcome: "throttled", cause } : { outcome: "unknown", cause }
  }
}

const REFUSED: JournalPut = { outcome: "refused" }

function isThrottle(error: unknown): boolean {
  return THROTTLES.has(codeOf(error)) || refusalOf(error) === "throttled"
}

function failed(cause: unknown): Tried {
  if (isThrottle(cause)) return { outcome: "throttled", cause }
  const status = (cause as { $metadata?: { httpStatusCode?: number } }).$metadata?.httpStatusCode
  const refused = status !== undefined && status >= 400 && status < 500
  return { outcome: refused ? "refused" : "unknown", cause }
}
