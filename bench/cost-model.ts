import type { FunctionName } from "../functions/environment.ts"
import { FUNCTION_DEFAULTS } from "../infra/constructs/functions.ts"
import { CHORES_EVERY_MS } from "../shared/log/segments/life-limits.ts"
import { TAIL_LIMITS } from "../shared/serving/builder/flush-rule.ts"
import { WAKE_RECORDS, WAKE_SLOTS } from "../shared/serving/builder/wake-rule.ts"
import type { Ledger } from "../shared/storage/aws/ledger.ts"
import type { LifeShare, RoundShare } from "./cost-life.ts"
import { GIB, HOURS_PER_MONTH, HTTP_API_UNIT_BYTES, lambdaCost, ledgerCost, PRICES } from "./prices.ts"

// What the emulator cannot tell, and what does not exist yet: every figure here is an estimate, and printed as one.

/** Memory as the stack gives it, MiB. */
export const MEMORY_MB = Object.fromEntries(
  Object.entries(FUNCTION_DEFAULTS).map(([name, { memorySize }]) => [name, memorySize]),
) as Readonly<Record<FunctionName, number>>

/** Billed time, ms. S3 takes 60 to 200 ms for a put from Lambda, 20 to 40 for a get; DynamoDB and Kinesis 5 to 15. */
export const ASSUMED_MS = {
  apiBase: 15,
  apiObjectPut: 100,
  /** Reading, checking and encoding. */
  apiPerMb: 50,
  dispatch: 10,
  buildBase: 150,
  /** Objects are read several at once. */
  buildPerGet: 10,
  /** Each segment: encoding, two puts, its manifest. */
  buildPerSegment: 300,
  journalBase: 50,
  maintain: 400,
  query: 300,
} as const

/** An access log's line, and what Lambda logs of an invocation that says nothing. */
const ACCESS_LOG_BYTES = 330
const DISPATCH_LOG_BYTES = 340
/** Logs are kept for a month. */
const LOG_GB = PRICES.logsGbIngested + PRICES.logsGbMonth
/** Of the log's own segments, which replace slots and flush objects: what `maintain` makes of one at a time. */
const ROLL_UP_SEGMENT_BYTES = 32 * 1024 ** 2
const ROLL_UP_SEGMENT_MS = 2_000

const MILLION = 1e6

export interface Cell {
  readonly records: number
  readonly recordBytes: number
  /** Partitions that a request touches. */
  readonly partitions: number
  readonly bodyBytes: number
  /** What a warm request asked for, and the log bytes of its invocation. */
  readonly request: Ledger
  readonly requestLogBytes: number
  /** Slots written, and what they weigh in write units; by `api` or by `journal`. */
  readonly slots: number
  readonly slotUnits: number
  readonly objects: number
}

/** What the builder was seen to ask for, dollars. */
export interface BuildShare {
  /** Reads, for each partition in each invocation. */
  readonly perStep: number
  /** Puts, for each segment. */
  readonly perSegment: number
  /** Bytes of logs an invocation. */
  readonly logBytes: number
}

export interface Bill {
  /** Counted by the ledger. */
  readonly s3: number
  readonly dynamodb: number
  readonly kinesis: number
  readonly http: number
  /** Measured beside: requests by the ledger, of what was appended alike. */
  readonly slotDeletion: number
  readonly rollUp: number
  /** Estimated. */
  readonly lambda: number
  readonly logs: number
  readonly dispatch: number
  readonly build: number
}

/** Dollars per million records that are appended at the log's own door. */
export function billOf(cell: Cell, build: BuildShare, life: LifeShare): Bill {
  const { records, recordBytes, bodyBytes, request, objects, slots, slotUnits } = cell
  const requests = MILLION / records
  const counted = ledgerCost(request)
  const bodyMb = bodyBytes / MILLION
  const apiMs =
    ASSUMED_MS.apiBase + (objects > 0 ? ASSUMED_MS.apiObjectPut : 0) + bodyMb * ASSUMED_MS.apiPerMb
  return {
    s3: requests * counted.s3,
    dynamodb: requests * counted.dynamodb,
    kinesis: requests * counted.kinesis,
    http: requests * Math.max(1, Math.ceil(bodyBytes / HTTP_API_UNIT_BYTES)) * PRICES.httpApiRequest,
    lambda: requests * lambdaCost(MEMORY_MB.api, apiMs),
    logs: requests * ((cell.requestLogBytes + ACCESS_LOG_BYTES) / GIB) * LOG_GB,
    // Each request's slots alone, as at less than a request a second: larger batches cost less.
    dispatch:
      requests * (lambdaCost(MEMORY_MB.dispatch, ASSUMED_MS.dispatch) + (DISPATCH_LOG_BYTES / GIB) * LOG_GB),
    build: buildCost(cell, build),
    slotDeletion: requests * slotUnits * life.perUnitDeleted,
    rollUp: rollUpCost(life, requests * objects, requests * slots, MILLION * recordBytes),
  }
}

/**
 * Wakes and segments by the builder's own rules, which all partitions of a topic meet at once where requests touch all.
 * Every flush object is read once for each partition in it.
 */
export function buildCost(
  cell: Pick<Cell, "records" | "recordBytes" | "objects" | "slots">,
  build: BuildShare,
): number {
  const { records, recordBytes, objects, slots } = cell
  const requests = MILLION / records
  const each = records / slots
  const requestsAWake = Math.min(WAKE_SLOTS, Math.ceil(WAKE_RECORDS / each))
  const invocations = requests / requestsAWake
  const limits = [
    TAIL_LIMITS.records / 2 / each,
    TAIL_LIMITS.decodedBytes / 2 / (each * recordBytes),
    objects > 0 ? TAIL_LIMITS.walObjects / 2 : Number.POSITIVE_INFINITY,
    TAIL_LIMITS.slots / 2,
  ]
  // What is due is found by the next wake.
  const requestsAFlush = Math.ceil(Math.min(...limits) / requestsAWake) * requestsAWake
  const segments = (requests / requestsAFlush) * slots
  const gets = requests * objects * slots
  const ms =
    invocations * ASSUMED_MS.buildBase + segments * ASSUMED_MS.buildPerSegment + gets * ASSUMED_MS.buildPerGet
  return (
    gets * PRICES.s3Get +
    invocations * (slots * build.perStep + (build.logBytes / GIB) * LOG_GB) +
    segments * build.perSegment +
    invocations * lambdaCost(MEMORY_MB.build, ms / invocations)
  )
}

/** A flush object is read once for all its partitions. Requests are measured; the time that it takes is estimated. */
function rollUpCost(life: LifeShare, objects: number, slots: number, bytes: number): number {
  const segments = bytes / ROLL_UP_SEGMENT_BYTES
  return (
    objects * life.perObject +
    slots * life.perSlotRead +
    segments * (life.perSegment + lambdaCost(MEMORY_MB.maintain, ROLL_UP_SEGMENT_MS))
  )
}

/** What a journal's delivery adds, dollars per million records. */
export function deliveryCost(ledger: Ledger, invocations: number, logBytes: number, records: number): number {
  const { s3, dynamodb } = ledgerCost(ledger)
  const objectMs = (ledger.s3.puts / invocations) * ASSUMED_MS.apiObjectPut
  const lambda = invocations * lambdaCost(MEMORY_MB.journal, ASSUMED_MS.journalBase + objectMs)
  return (MILLION / records) * (s3 + dynamodb + lambda + (logBytes / GIB) * LOG_GB)
}

export function totalOf(bill: Bill): number {
  return Object.values(bill).reduce((sum, part) => sum + part, 0)
}

const TICKS_PER_MONTH = (HOURS_PER_MONTH * 60) / 5

export interface Idle {
  readonly secret: number
  readonly alarms: number
  readonly ticks: number
  readonly shards: number
}

/**
 * A month in which nothing happens, dollars.
 * @param round what one tick an hour does beside: it looks through all partitions of the log
 */
export function idleMonth(
  tick: Ledger,
  round: RoundShare,
  tickLogBytes: number,
  alarms: number,
  shards: number,
): Idle {
  const { s3, dynamodb } = ledgerCost(tick)
  const [look, chores] = [ledgerCost(round.look), ledgerCost(round.chores)]
  const chorings = (HOURS_PER_MONTH * 3_600_000) / CHORES_EVERY_MS
  const rounds =
    HOURS_PER_MONTH * (look.s3 + look.dynamodb) + chorings * Math.max(0, chores.s3 + chores.dynamodb)
  const invocation = PRICES.eventBridgeEvent + lambdaCost(MEMORY_MB.maintain, ASSUMED_MS.maintain)
  return {
    secret: PRICES.secretMonth,
    alarms: alarms * PRICES.alarmMonth,
    ticks: rounds + TICKS_PER_MONTH * (invocation + s3 + dynamodb + (tickLogBytes / GIB) * LOG_GB),
    shards: shards * HOURS_PER_MONTH * PRICES.kinesisShardHour,
  }
}
