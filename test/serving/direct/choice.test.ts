import { afterAll, beforeAll, expect, test } from "vitest"
import type { ColumnSpec } from "../../../shared/definition/table-spec.ts"
import type { PinnedTable, TableFile, TableSource } from "../../../shared/serving/types.ts"
import { ingestValues } from "../batches.ts"
import { pinnedTable } from "../query/fixture.ts"
import { expectSame, type TwoEngines, twoEngines } from "./support.ts"
import { fileOf } from "./tables.ts"

const columns: readonly ColumnSpec[] = [
  { name: "id", type: "int" },
  { name: "word", type: "string" },
  { name: "at_ms", type: "timestamp" },
  { name: "amount", type: "long" },
]

function file(id: string, rows: readonly object[], kind: "segment" | "tail"): TableFile {
  const batch = ingestValues(
    columns,
    rows.map(row => JSON.stringify(row)),
  )
  return fileOf(id, columns, batch, kind)
}

const ROWS = 5_000
const plain = Array.from({ length: ROWS }, (_, id) => ({
  id,
  word: `word ${(id * 7) % 3_001}`,
  at_ms: id % 10 === 0 ? null : id * 1_000,
  amount: 9_007_199_254_740_000 - id,
}))
const unsafe = [
  { id: 1, amount: "9223372036854775807" },
  { id: 2, amount: 5 },
].map(row => ({
  ...row,
  amount: BigInt(row.amount),
}))

const computed: readonly ColumnSpec[] = [
  { name: "a", type: "double" },
  { name: "b", type: "double" },
  { name: "ratio", type: "double", sql: "a / b" },
]

function tables(): TableSource {
  const segment = file("plain", plain, "segment")
  const dead = { offsets: Float64Array.from([0, 7, 4_999]) }
  const pointer = { base: 0, next: ROWS } as never
  const pinned: readonly PinnedTable[] = [
    pinnedTable("plain", columns, [segment]),
    // The direct path alone leaves dead rows out by what the pin says; the other engine's files are without them.
    pinnedTable("buried", columns, [{ ...segment, segment: { tableId: "t", partition: 0, pointer, dead } }]),
    { ...pinnedTable("cut", columns, [segment]), time: "at_ms", cutBefore: 1_000_000 },
    {
      ...pinnedTable("purging", columns, [segment]),
      purges: [{ partition: 0, end: 5, done: 0, where: { kind: "constant", value: true }, columns }],
    },
    pinnedTable("unsafe", columns, [
      file(
        "unsafe",
        JSON.parse(JSON.stringify(unsafe, (_, value) => (typeof value === "bigint" ? String(value) : value))),
        "tail",
      ),
    ]),
    pinnedTable("vast", computed, [
      fileOf("vast", computed, ingestValues(computed, ['{"a":1e200,"b":1}']), "segment"),
    ]),
    pinnedTable("endless", computed, [
      fileOf(
        "endless",
        computed,
        ingestValues(computed, ['{"a":1,"b":0}', '{"a":0,"b":0}', '{"a":1,"b":1}']),
        "segment",
      ),
    ]),
  ]
  return {
    names: async () => pinned.map(({ name }) => name),
    pin: async name => pinned.find(table => table.name === name),
  }
}

let engines: TwoEngines
beforeAll(() => {
  engines = twoEngines(tables())
})
afterAll(() => engines.close())

async function rows(sql: string, engine?: "direct" | "duckdb"): Promise<unknown> {
  const reply = await engines.ask(sql, engine)
  expect(reply.exceptions, sql).toEqual([])
  return reply.resultTable?.rows
}

test.each([
  ["SELECT count(*) FROM plain p JOIN plain q ON p.id = q.id", "not a SELECT of one plain table"],
  ["SELECT count(*) FROM plain JOIN buried USING (id)", "not one table"],
  ["SELECT upper(word) FROM plain", "an expression over rows"],
  ["SELECT median(id) FROM plain", "an expression over rows"],
  ["SELECT id FROM plain WHERE upper(word) = 'A'", "a condition over an expression"],
  ["SELECT sum(id) OVER () FROM plain", "the name of WINDOW"],
  ["SELECT id, count(*) FROM plain GROUP BY ROLLUP (id)", "grouping sets"],
  ["SELECT id FROM plain LIMIT 10%", "an unknown modifier"],
  ["SELECT count(*) FROM (SELECT * FROM plain)", "not a SELECT of one plain table"],
  ["SELECT count(*) FROM purging", "an erasure is under way"],
  ["SELECT sum(amount * amount) FROM plain", "arithmetic that may overflow"],
  ["SELECT max(a * a) FROM vast", "arithmetic that may overflow"],
])("%s is not the direct path's", async (sql, why) => {
  const reply = await engines.ask(sql, "direct")
  expect(reply.exceptions[0]?.errorCode).toBe(700)
  expect(reply.exceptions[0]?.message).toContain("the direct path cannot answer the statement (")
  expect(reply.exceptions[0]?.message).toContain(why)
  expect(reply.exceptions[0]?.message).toContain("expected duckdb")
  expect(await rows("SELECT count(*) FROM plain", "direct")).toEqual([[ROWS]])
})

test("an engine of another name is refused", async () => {
  const reply = await engines.ask("SELECT 1 FROM plain", "sqlite" as never)
  expect(reply.exceptions[0]?.errorCode).toBe(700)
  expect(reply.exceptions[0]?.message).toContain("expected direct or duckdb, found 'sqlite'")
})

test("what the direct path cannot hold is answered all the same", async () => {
  const reply = await engines.ask("SELECT max(amount) FROM unsafe", "direct")
  expect(reply.exceptions[0]?.message).toContain("integers beyond 2^53")
  expect(await rows("SELECT max(amount), min(amount) FROM unsafe")).toEqual([[9223372036854775807n, 5]])
})

test("groups with more combinations than there are slots are found by hash", async () => {
  const sql = "SELECT id, word, sum(amount), min(word) FROM plain GROUP BY id, word ORDER BY id LIMIT 6000"
  expectSame(sql, await engines.ask(sql, "direct"), await engines.ask(sql, "duckdb"))
})

test("sums beyond 2^53 keep every digit", async () => {
  const sql = "SELECT sum(amount), avg(amount), sum(amount) - sum(id) FROM plain"
  expectSame(sql, await engines.ask(sql, "direct"), await engines.ask(sql, "duckdb"))
  const total = plain.reduce((sum, { amount }) => sum + BigInt(amount), 0n)
  expect(await rows("SELECT sum(amount) FROM plain", "direct")).toEqual([[String(total)]])
})

test("dead rows are no part of a table", async () => {
  expect(await rows("SELECT count(*), min(id), max(id) FROM buried", "direct")).toEqual([
    [ROWS - 3, 1, 4_998],
  ])
  expect(await rows("SELECT id FROM buried WHERE id < 9 ORDER BY id", "direct")).toEqual(
    [1, 2, 3, 4, 5, 6, 8].map(id => [id]),
  )
})

test("what retention has cut off is no part of a table; rows without a time are", async () => {
  expect(await rows("SELECT count(*) FROM cut WHERE at_ms IS NOT NULL", "direct")).toEqual([[3_600]])
  expect(await rows("SELECT count(*) FROM cut", "direct")).toEqual([[4_100]])
  expect(await rows("SELECT count(*) FROM cut WHERE id < 100", "direct")).toEqual([[10]])
})

test("rows come in the order of the table up to the limit, and none are judged after it", async () => {
  const reply = await engines.ask("SELECT id FROM plain WHERE id >= 5 LIMIT 3", "direct")
  expect(reply.resultTable?.rows).toEqual([[5], [6], [7]])
})

test("conditions that look alike are kept apart", async () => {
  // A mask of the dictionary is kept by its condition's name.
  for (const where of [
    "word <= 'x'",
    "word < '=x'",
    "word <> 'x'",
    "word < '>x'",
    "word >= 'a'",
    "word > '=a'",
  ]) {
    const sql = `SELECT count(*) FROM plain WHERE ${where}`
    expectSame(sql, await engines.ask(sql, "direct"), await engines.ask(sql, "duckdb"))
  }
})

test("numbers without end and without meaning are the other engine's", async () => {
  const sql = "SELECT max(ratio), count(*) FILTER (ratio > 1) FROM endless"
  expect((await engines.ask(sql, "direct")).exceptions[0]?.message).toContain("a number that is not finite")
  expect(await rows(sql)).toEqual([[Number.NaN, 2]])
})
