import fc from "fast-check"
import { expect, test } from "vitest"
import { QueryError } from "../../../shared/serving/errors.ts"
import { failureReply, successReply } from "../../../shared/serving/query/reply.ts"
import { serializeReply } from "../../../shared/serving/query/serialize-reply.ts"
import { jsonBytes } from "../../../shared/serving/sql/json-bytes.ts"
import type { SqlValue } from "../../../shared/serving/types.ts"

const facts = { requestId: "7", brokerId: "b", timeUsedMs: 3, tables: [] }

const one = (type: string, value: SqlValue) =>
  serializeReply(successReply(facts, { columns: [{ name: "c", type }], rows: [[value]], rowsScanned: 1 }))

test("any text, number, integer and list comes back as it was", () => {
  const value = fc.oneof(
    fc.string({ unit: "binary" }),
    fc.double({ noNaN: true, noDefaultInfinity: true }),
    fc.boolean(),
    fc.constant(null),
    fc.array(fc.string()),
  )
  fc.assert(
    fc.property(value, fc.constantFrom("STRING", "DOUBLE", "DOUBLE_ARRAY"), (cell, type) => {
      const text = one(type, cell)
      const back = JSON.parse(text).resultTable.rows[0][0]
      expect(back).toEqual(Object.is(cell, -0) ? expect.toSatisfy(zero => zero === 0) : cell)
    }),
  )
  fc.assert(
    fc.property(fc.bigInt(), integer => {
      expect(one("LONG", integer)).toContain(`"rows":[[${integer}]]`)
    }),
  )
})

test("numDocsScanned is every row where the files' footers held the answer", () => {
  const tables = [{ name: "t", columns: [], schemaVersion: 1, segments: [], tail: [], rows: 7, freshAt: 0 }]
  const answer = { columns: [], rows: [] }
  const reply = (rowsScanned: number | undefined) =>
    successReply({ ...facts, tables }, { ...answer, rowsScanned })
  expect(reply(undefined)).toMatchObject({ numDocsScanned: 7, totalDocs: 7 })
  expect(reply(3)).toMatchObject({ numDocsScanned: 3, totalDocs: 7 })
})

test("no value takes more bytes than were counted for it", () => {
  const value = fc.oneof(
    fc.string({ unit: "binary" }),
    fc.double(),
    fc.bigInt(),
    fc.boolean(),
    fc.constant(null),
  )
  const empty = Buffer.byteLength(one("DOUBLE", []).replace("[[[]]]", "[[]]"))
  fc.assert(
    fc.property(fc.oneof(value, fc.array(value)), cell => {
      expect(Buffer.byteLength(one("DOUBLE", cell)) - empty).toBeLessThanOrEqual(jsonBytes(cell))
    }),
  )
})

test("fields stand in the order of a Pinot broker's", () => {
  const order = [
    "resultTable numRowsResultSet partialResult exceptions numGroupsLimitReached numGroupsWarningLimitReached",
    "timeUsedMs requestId clientRequestId brokerId numDocsScanned totalDocs numEntriesScannedInFilter",
    "numEntriesScannedPostFilter numServersQueried numServersResponded numSegmentsQueried numSegmentsProcessed",
    "numSegmentsMatched numConsumingSegmentsQueried numConsumingSegmentsProcessed numConsumingSegmentsMatched",
    "minConsumingFreshnessTimeMs numSegmentsPrunedByBroker numSegmentsPrunedByServer numSegmentsPrunedInvalid",
    "numSegmentsPrunedByLimit numSegmentsPrunedByValue brokerReduceTimeMs offlineThreadCpuTimeNs",
    "realtimeThreadCpuTimeNs offlineSystemActivitiesCpuTimeNs realtimeSystemActivitiesCpuTimeNs",
    "offlineResponseSerializationCpuTimeNs realtimeResponseSerializationCpuTimeNs offlineTotalCpuTimeNs",
    "realtimeTotalCpuTimeNs explainPlanNumEmptyFilterSegments explainPlanNumMatchAllFilterSegments traceInfo",
    "tablesQueried offlineThreadMemAllocatedBytes realtimeThreadMemAllocatedBytes",
    "offlineResponseSerMemAllocatedBytes realtimeResponseSerMemAllocatedBytes offlineTotalMemAllocatedBytes",
    "realtimeTotalMemAllocatedBytes pools rlsFiltersApplied groupsTrimmed",
  ]
  expect(Object.keys(JSON.parse(one("INT", 1))).join(" ")).toBe(order.join(" "))
})

test("an error is an exception by Pinot's number, and there is no resultTable", () => {
  const codes = {
    sql_parsing: 150,
    table_does_not_exist: 190,
    unknown_column: 710,
    query_validation: 700,
    query_execution: 200,
    timeout: 250,
    cancelled: 503,
    resource_limit: 245,
    tail_too_long: 245,
    too_many_requests: 429,
  } as const
  for (const code of Object.keys(codes) as (keyof typeof codes)[]) {
    const reply = JSON.parse(serializeReply(failureReply(facts, new QueryError(code, "why"))))
    expect(reply).toMatchObject({
      exceptions: [{ errorCode: codes[code], message: "why" }],
      partialResult: true,
    })
    expect(reply).not.toHaveProperty("resultTable")
  }
})
