import type { QueryError, QueryErrorCode } from "../errors.ts"
import type { PinnedTable, QueryCost, SqlAnswer, SqlValue } from "../types.ts"

/** Pinot's number of each error, as its clients know them. */
const pinotCodes: Readonly<Record<QueryErrorCode, number>> = {
  sql_parsing: 150,
  table_does_not_exist: 190,
  query_execution: 200,
  resource_limit: 245,
  tail_too_long: 245,
  timeout: 250,
  cancelled: 503,
  too_many_requests: 429,
  query_validation: 700,
  unknown_column: 710,
}

export interface PinotException {
  readonly message: string
  readonly errorCode: number
}

export interface ResultTable {
  readonly dataSchema: {
    readonly columnNames: readonly string[]
    readonly columnDataTypes: readonly string[]
  }
  readonly rows: readonly (readonly SqlValue[])[]
}

/** What a reply's figures are taken from. */
export interface ReplyFacts {
  readonly requestId: string
  readonly brokerId: string
  readonly timeUsedMs: number
  readonly tables: readonly PinnedTable[]
  /** The caller may not know how many rows there are: figures are of the answer alone. */
  readonly isRestricted?: boolean
}

function sum(tables: readonly PinnedTable[], of: (table: PinnedTable) => number): number {
  return tables.reduce((total, table) => total + of(table), 0)
}

/** Segments with rows that were left out by their values. */
function prunedByValue({ pruned }: QueryCost): number {
  return Object.entries(pruned).reduce((total, [by, count]) => total + (by === "empty" ? 0 : count), 0)
}

/** What a query over these tables opened. Files without rows are known to match nothing, and stay unopened. */
function segmentFigures(tables: readonly PinnedTable[], pruned: number) {
  const files = (of: (table: PinnedTable) => number): number => sum(tables, of)
  const tails = files(({ tail }) => tail.length)
  const tailsWithRows = files(({ tail }) => tail.filter(({ rows }) => rows > 0).length)
  const opened = files(({ segments }) => segments.filter(({ rows }) => rows > 0).length) + tailsWithRows
  const fresh = tables.filter(({ freshAt }) => freshAt > 0).map(({ freshAt }) => freshAt)
  return {
    numSegmentsQueried: files(({ segments }) => segments.length) + tails,
    numSegmentsProcessed: opened - pruned,
    numSegmentsMatched: opened - pruned,
    numConsumingSegmentsQueried: tails,
    numConsumingSegmentsProcessed: tailsWithRows,
    numConsumingSegmentsMatched: tailsWithRows,
    minConsumingFreshnessTimeMs: fresh.length === 0 ? 0 : Math.min(...fresh),
    numSegmentsPrunedByBroker: 0,
    numSegmentsPrunedByServer: pruned,
    numSegmentsPrunedInvalid: 0,
    numSegmentsPrunedByLimit: 0,
    numSegmentsPrunedByValue: pruned,
  }
}

/** Fields of a broker's reply that always stand there, in its order; what is not counted here is 0, as Pinot writes it. */
const constantFigures = {
  brokerReduceTimeMs: 0,
  offlineThreadCpuTimeNs: 0,
  realtimeThreadCpuTimeNs: 0,
  offlineSystemActivitiesCpuTimeNs: 0,
  realtimeSystemActivitiesCpuTimeNs: 0,
  offlineResponseSerializationCpuTimeNs: 0,
  realtimeResponseSerializationCpuTimeNs: 0,
  offlineTotalCpuTimeNs: 0,
  realtimeTotalCpuTimeNs: 0,
  explainPlanNumEmptyFilterSegments: 0,
  explainPlanNumMatchAllFilterSegments: 0,
  traceInfo: {},
} as const

const memoryFigures = {
  offlineThreadMemAllocatedBytes: 0,
  realtimeThreadMemAllocatedBytes: 0,
  offlineResponseSerMemAllocatedBytes: 0,
  realtimeResponseSerMemAllocatedBytes: 0,
  offlineTotalMemAllocatedBytes: 0,
  realtimeTotalMemAllocatedBytes: 0,
} as const

function replyOf(
  { requestId, brokerId, timeUsedMs, tables, isRestricted = false }: ReplyFacts,
  answer: SqlAnswer | undefined,
  exceptions: readonly PinotException[],
) {
  const servers = answer === undefined && tables.length === 0 ? 0 : 1
  // To who may know of some rows alone, the answer is all that there is.
  const counted = isRestricted ? [] : tables
  const rows = answer?.rows.length ?? 0
  const totalDocs = isRestricted ? rows : sum(tables, table => table.rows)
  const scanned = isRestricted ? rows : (answer?.rowsScanned ?? totalDocs)
  const pruned = isRestricted || answer?.cost === undefined ? 0 : prunedByValue(answer.cost)
  return {
    numRowsResultSet: rows,
    partialResult: exceptions.length > 0,
    exceptions,
    numGroupsLimitReached: false,
    numGroupsWarningLimitReached: false,
    timeUsedMs,
    requestId,
    clientRequestId: null,
    brokerId,
    numDocsScanned: answer === undefined ? 0 : scanned,
    totalDocs,
    numEntriesScannedInFilter: 0,
    numEntriesScannedPostFilter: 0,
    numServersQueried: servers,
    numServersResponded: servers,
    ...segmentFigures(counted, pruned),
    ...constantFigures,
    tablesQueried: tables.map(({ name }) => name),
    ...memoryFigures,
    pools: servers === 0 ? [] : [-1],
    rlsFiltersApplied: isRestricted,
    groupsTrimmed: false,
  }
}

/**
 * The reply of a Pinot broker (`BrokerResponseNative`); `resultTable` is there on success only. `millrace` is what a
 * broker does not tell: what the answer cost.
 */
export type PinotReply = ReturnType<typeof replyOf> & {
  readonly resultTable?: ResultTable
  readonly millrace?: { readonly cost: QueryCost }
}

/**
 * A successful reply. `numDocsScanned` is what the scans delivered, after the conditions that a scan judges; all rows
 * where the footers held the answer, as Pinot counts them.
 */
export function successReply(facts: ReplyFacts, answer: SqlAnswer): PinotReply {
  return {
    resultTable: {
      dataSchema: {
        columnNames: answer.columns.map(({ name }) => name),
        columnDataTypes: answer.columns.map(({ type }) => type),
      },
      rows: answer.rows,
    },
    ...replyOf(facts, answer, []),
    // Figures of rows that the caller may not know of are not for him.
    ...(answer.cost === undefined || facts.isRestricted ? {} : { millrace: { cost: answer.cost } }),
  }
}

/** A failed reply: the error as an exception, by Pinot's number. */
export function failureReply(facts: ReplyFacts, { code, message }: QueryError): PinotReply {
  return replyOf(facts, undefined, [{ message, errorCode: pinotCodes[code] }])
}
