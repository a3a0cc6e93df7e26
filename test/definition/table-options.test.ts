import { expect, test } from "vitest"
import * as z from "zod"
import { count, defineApp, defineJob, from, records, table, topic } from "../../shared/definition/index.ts"
import { resolveApp } from "../../shared/definition/resolve.ts"
import type { TableSpec } from "../../shared/definition/table-spec.ts"
import { faultsOf, untyped } from "./fixtures.ts"

const Stat = z.object({
  adId: z.string(),
  windowStart: z.int(),
  clicks: z.int(),
  spendMicros: z.int(),
  ratio: z.number(),
  gone: z.boolean(),
  tags: z.array(z.string()),
  extra: z.object({ a: z.int() }).optional(),
})
const stats = topic("ad-stats", { schema: Stat, key: "adId" })
const keyless = topic("keyless", { schema: Stat })
const broken = topic("broken", { schema: Stat })
const any = untyped(table)

const columns = {
  adId: "string",
  windowStart: "timestamp",
  clicks: "long",
  ratio: "double",
  gone: "boolean",
  tags: "string[]",
  extra: "json",
  spend: { type: "decimal", sql: "spendMicros / 1000000" },
} as const
const keyed = { primaryKey: ["adId", "windowStart"], upsert: {} } as const

function faults(options: object): string[] {
  return faultsOf(defineApp("ads", { tables: [any("t", { from: stats, columns, ...options })] }))
}

function specOf(made: ReturnType<typeof table>): TableSpec | undefined {
  return resolveApp(defineApp("ads", { tables: [made] })).definition?.tables[0]
}

test("a table with all there is comes down to plain data", () => {
  const made = table("ad_stats", {
    from: stats,
    columns,
    time: "windowStart",
    sort: ["adId", "windowStart"],
    primaryKey: ["adId", "windowStart"],
    upsert: {
      mode: "partial",
      compare: "windowStart",
      strategies: { clicks: "increment", tags: "union", ratio: "max" },
      delete: "gone",
      ttl: "30d",
    },
    indexes: { adId: ["inverted", "bloom"], clicks: ["range"], spend: [] },
    rollups: [
      {
        name: "by_ad",
        dimensions: ["adId", "windowStart"],
        skip: ["windowStart"],
        aggregates: [{ fn: "count" }, { fn: "sum", column: "clicks" }, { fn: "avg", column: "spend" }],
        leafRows: 5_000,
      },
    ],
    retention: "90d",
    badRecords: { deadLetter: broken },
    rebuild: true,
  })
  expect(specOf(made)).toEqual({
    name: "ad_stats",
    topic: "ad-stats",
    columns: [
      { name: "adId", type: "string" },
      { name: "windowStart", type: "timestamp" },
      { name: "clicks", type: "long" },
      { name: "ratio", type: "double" },
      { name: "gone", type: "boolean" },
      { name: "tags", type: "string", list: true },
      { name: "extra", type: "json" },
      { name: "spend", type: "decimal", sql: "spendMicros / 1000000" },
    ],
    time: "windowStart",
    sort: ["adId", "windowStart"],
    primaryKey: ["adId", "windowStart"],
    upsert: {
      mode: "partial",
      compare: "windowStart",
      strategies: { clicks: "increment", tags: "union", ratio: "max" },
      delete: "gone",
      ttlMs: 2_592_000_000,
    },
    indexes: { adId: ["bloom", "inverted"], clicks: ["range"] },
    rollups: [
      {
        name: "by_ad",
        dimensions: ["adId", "windowStart"],
        skip: ["windowStart"],
        aggregates: [{ fn: "count" }, { fn: "sum", column: "clicks" }, { fn: "avg", column: "spend" }],
        leafRows: 5_000,
      },
    ],
    retentionMs: 7_776_000_000,
    badRecords: { deadLetter: "broken" },
    rebuild: true,
  })
})

test("a dead-letter topic belongs to the app without being listed", () => {
  const made = table("t", { from: stats, columns, badRecords: { deadLetter: broken } })
  const { definition } = resolveApp(defineApp("ads", { tables: [made] }))
  expect(definition?.topics.map(({ name }) => name)).toEqual(["ad-stats", "broken"])
})

test.each<[string, object, string]>([
  ["a sort by no column", { sort: ["clicks", "dely"] }, `sort[1]: "dely" is not one of the table's columns`],
  ["a sort named twice", { sort: ["clicks", "clicks"] }, `sort[1]: "clicks" is named twice`],
  [
    "a sort by json",
    { sort: ["extra"] },
    'sort[0]: the column "extra" is json; expected a column that rows can be ordered by',
  ],
  ["a sort of nothing", { sort: [] }, "sort: expected an array of 1 to 16 columns, found an array"],
  [
    "a key for nothing",
    { primaryKey: ["adId"] },
    "primaryKey: is for upsert and dedup: add one of them, or leave it out",
  ],
  [
    "upsert without a key",
    { upsert: {} },
    "primaryKey: is missing: upsert needs the columns that make a row's key",
  ],
  [
    "dedup without a key",
    { dedup: {} },
    "primaryKey: is missing: dedup needs the columns that make a row's key",
  ],
  ["both", { ...keyed, dedup: {} }, "dedup: a table has upsert or dedup, not both: leave one out"],
  [
    "a key that is no column",
    { ...keyed, primaryKey: ["adId", "ad"] },
    `primaryKey[1]: "ad" is not one of the table's columns`,
  ],
  [
    "a key of doubles",
    { ...keyed, primaryKey: ["adId", "ratio"] },
    'primaryKey[1]: the column "ratio" is double; expected a column that can be a key',
  ],
  [
    "a key of lists",
    { ...keyed, primaryKey: ["adId", "tags"] },
    'primaryKey[1]: the column "tags" is string[]; expected a column that can be a key',
  ],
  [
    "a key without the topic's",
    { ...keyed, primaryKey: ["windowStart"] },
    `primaryKey: expected the topic's key field "adId" among its columns, so that rows of one key lie in one partition`,
  ],
  [
    "a topic without a key",
    { ...keyed, from: keyless },
    "primaryKey: the topic keyless has no key field: upsert expects a field of the primary key as the topic's key, so that rows of one key lie in one partition",
  ],
  [
    "the topic's key changed by an expression",
    { ...keyed, columns: { ...columns, adId: { type: "string", sql: "lower(adId)" } } },
    `primaryKey: expected the topic's key field "adId" among its columns, so that rows of one key lie in one partition`,
  ],
  [
    "the topic's key read as a number",
    { ...keyed, columns: { ...columns, adId: "long" } },
    `primaryKey: the topic's key field "adId" is read as long, in which different keys may be equal; expected string`,
  ],
  [
    "a comparison of text",
    { ...keyed, upsert: { compare: "adId" } },
    'upsert.compare: the column "adId" is string; expected a column of int, long, float, double or timestamp',
  ],
  [
    "a comparison of decimals",
    { ...keyed, upsert: { compare: "spend" } },
    'upsert.compare: the column "spend" is decimal; expected a column of int, long, float, double or timestamp',
  ],
  [
    "a comparison by no column",
    { ...keyed, upsert: { compare: "at" } },
    `upsert.compare: "at" is not one of the table's columns`,
  ],
  [
    "a delete column of numbers",
    { ...keyed, upsert: { delete: "clicks" } },
    'upsert.delete: the column "clicks" is long; expected a boolean column',
  ],
  [
    "strategies of a full upsert",
    { ...keyed, upsert: { strategies: { clicks: "increment" } } },
    'upsert.strategies: are of a partial upsert: say mode: "partial", or leave them out',
  ],
  [
    "a strategy that does not fit",
    { ...keyed, upsert: { mode: "partial", strategies: { gone: "increment" } } },
    "upsert.strategies.gone: increment does not fit boolean; expected one of overwrite, ignore",
  ],
  [
    "a strategy of lists on a number",
    { ...keyed, upsert: { mode: "partial", strategies: { clicks: "append" } } },
    "upsert.strategies.clicks: append does not fit long; expected one of overwrite, increment, min, max, ignore",
  ],
  [
    "a strategy of a key column",
    { ...keyed, upsert: { mode: "partial", strategies: { adId: "ignore" } } },
    "upsert.strategies.adId: is in the primary key, whose values never change",
  ],
  [
    "a strategy of the comparison column",
    { ...keyed, upsert: { mode: "partial", compare: "clicks", strategies: { clicks: "max" } } },
    "upsert.strategies.clicks: is the comparison or the delete column, which is always overwritten",
  ],
  [
    "no such strategy",
    { ...keyed, upsert: { mode: "partial", strategies: { clicks: "add" } } },
    'upsert.strategies.clicks: expected one of "overwrite", "increment", "append", "union", "min", "max", "ignore", found "add"',
  ],
  [
    "a time to live without a comparison",
    { ...keyed, upsert: { ttl: "1d" } },
    "upsert.ttl: counts from the greatest value of the comparison column: name it in compare",
  ],
  [
    "a time to live by a number",
    { ...keyed, upsert: { compare: "ratio", ttl: "1d" } },
    "upsert.ttl: counts milliseconds of ratio, which is double; expected a timestamp or a long of epoch milliseconds",
  ],
  [
    "a time to live that is no duration",
    { ...keyed, upsert: { compare: "windowStart", ttl: "soon" } },
    'upsert.ttl: expected a duration such as "5s", "1m", "1h" or "7d", found "soon"',
  ],
  ["an unknown option of upsert", { ...keyed, upsert: { key: "adId" } }, "upsert.key: is not an option here"],
  [
    "dedup's time to live without a time",
    { primaryKey: ["adId"], dedup: { ttl: "1d" } },
    "dedup.ttl: counts from the greatest value of the time column: name it in time",
  ],
  [
    "an index of no column",
    { indexes: { ad: ["bloom"] } },
    `indexes.ad: "ad" is not one of the table's columns`,
  ],
  [
    "no such index",
    { indexes: { adId: ["hash"] } },
    'indexes.adId[0]: expected one of "bloom", "inverted", "range", found "hash"',
  ],
  ["an index twice", { indexes: { adId: ["bloom", "bloom"] } }, "indexes.adId[1]: is named twice"],
  [
    "a range of text",
    { indexes: { adId: ["range"] } },
    "indexes.adId[0]: range does not fit string; expected one of bloom, inverted",
  ],
  [
    "a bloom of lists",
    { indexes: { tags: ["bloom"] } },
    "indexes.tags[0]: bloom does not fit string[]; expected no index",
  ],
  [
    "an index of json",
    { indexes: { extra: ["bloom"] } },
    "indexes.extra[0]: bloom does not fit json; expected no index",
  ],
  [
    "a rollup by no column",
    { rollups: [{ name: "r", dimensions: ["ad"], aggregates: [{ fn: "count" }] }] },
    `rollups[0].dimensions[0]: "ad" is not one of the table's columns`,
  ],
  [
    "a rollup that skips what is no dimension",
    { rollups: [{ name: "r", dimensions: ["adId"], skip: ["gone"], aggregates: [{ fn: "count" }] }] },
    `rollups[0].skip[0]: "gone" is not one of the rollup's dimensions`,
  ],
  [
    "a sum of text",
    { rollups: [{ name: "r", dimensions: ["gone"], aggregates: [{ fn: "sum", column: "adId" }] }] },
    'rollups[0].aggregates[0].column: the column "adId" is string; expected a column that has a sum',
  ],
  [
    "a sum of nothing",
    { rollups: [{ name: "r", dimensions: ["gone"], aggregates: [{ fn: "sum" }] }] },
    "rollups[0].aggregates[0].column: is missing",
  ],
  [
    "a rollup named twice",
    {
      rollups: [
        { name: "r", dimensions: ["gone"], aggregates: [{ fn: "count" }] },
        { name: "r", dimensions: ["adId"], aggregates: [{ fn: "count" }] },
      ],
    },
    "rollups[1].name: two rollups have this name",
  ],
  [
    "a rollup of what cannot be taken back",
    {
      ...keyed,
      rollups: [{ name: "r", dimensions: ["gone"], aggregates: [{ fn: "max", column: "clicks" }] }],
    },
    "rollups[0].aggregates[0].fn: max cannot be taken back when a row is replaced; expected one of count, sum, avg on an upsert table",
  ],
  ["retention without a time", { retention: "7d" }, "retention: counts by the time column: name it in time"],
  [
    "a dead letter to text",
    { badRecords: { deadLetter: "broken" } },
    'badRecords.deadLetter: expected a topic, found "broken"',
  ],
  [
    "a dead letter to the topic itself",
    { badRecords: { deadLetter: stats } },
    "badRecords.deadLetter: is the topic that the table consumes: expected another one",
  ],
  ["rebuild that is no flag", { rebuild: 1 }, "rebuild: expected true or false, found 1"],
])("%s", (_, options, fault) => {
  expect(faults(options)).toEqual([`tables.t.${fault}`])
})

test("a table with a fault of each part names them all", () => {
  const options = { sort: ["x"], indexes: { y: ["bloom"] }, primaryKey: ["z"], upsert: { delete: "w" } }
  expect(faults(options).map(fault => fault.split(":")[0])).toEqual([
    "tables.t.sort[0]",
    "tables.t.primaryKey[0]",
    "tables.t.primaryKey",
    "tables.t.upsert.delete",
    "tables.t.indexes.y",
  ])
})

const totals = () => from(stats).keyBy("adId").aggregate({ clicks: count() })
const Total = z.object({ adId: z.string(), clicks: z.int() })

test("rows that replace each other go to topics that upsert tables read", () => {
  const plain = topic("totals", { schema: Total, key: "adId" })
  const job = defineJob("totals", () => totals().toCompacted(plain))
  expect(faultsOf(defineApp("ads", { jobs: [job] }))).toEqual([
    'jobs.totals.topicSink[2]: the rows of an aggregate without a window replace each other: expected a topic with config "cleanup.policy": "compact", or one that an upsert table of the app reads, found totals without',
  ])
  const upserted = table("t", {
    from: plain,
    columns: { adId: "string", clicks: "long" },
    primaryKey: ["adId"],
    upsert: {},
  })
  expect(faultsOf(defineApp("ads", { jobs: [job], tables: [upserted] }))).toEqual([])
})

test("a job writes to a table without a topic of the app's between", () => {
  const made = table("totals", {
    from: records({ schema: Total, key: "adId", partitions: 2 }),
    columns: { adId: "string", clicks: "long" },
    primaryKey: ["adId"],
    upsert: {},
  })
  const job = defineJob("totals", () => totals().toTable(made))
  const { definition, faults: found } = resolveApp(defineApp("ads", { tables: [made], jobs: [job] }))
  expect(found).toEqual([])
  expect(definition?.topics.map(({ name, partitions, key }) => [name, partitions, key])).toEqual([
    ["__table.totals", 2, "adId"],
    ["ad-stats", 1, "adId"],
  ])
  expect(definition?.tables[0]?.topic).toBe("__table.totals")
  expect(definition?.jobs[0]?.writes).toEqual(["__table.totals"])
  // Without the table in the app nobody would read what the job writes.
  expect(faultsOf(defineApp("ads", { jobs: [job] }))).toContain(
    'topics["__table.totals"]: a job writes to the table totals, which is not among the app\'s tables: list it',
  )
})

test("a table without upsert takes no rows that replace each other, and one with a topic is written by its topic", () => {
  const plain = table("plain", { from: records({ schema: Total }), columns: { adId: "string" } })
  const job = defineJob("totals", () => totals().toTable(plain))
  expect(faultsOf(defineApp("ads", { tables: [plain], jobs: [job] }))).toEqual([
    "jobs.totals.topicSink[2]: the rows of an aggregate without a window replace each other: expected a table with upsert, found plain without",
  ])
  const read = table("read", { from: stats, columns: { adId: "string" } })
  const copy = defineJob("copy", () => from(stats).to(read))
  expect(faultsOf(defineApp("ads", { tables: [read], jobs: [copy] }))).toEqual([
    "jobs.copy.topicSink[1]: the table read is not one of records(…): write to the topic ad-stats that it consumes",
  ])
})

test("faults of what jobs write name the table; names of its topic are nobody else's", () => {
  const made = untyped(table)("t", {
    from: records({ schema: Total, key: "ad" as never }),
    columns: { adId: "string" },
  })
  expect(faultsOf(defineApp("ads", { tables: [made] }))).toEqual([
    'tables.t.from.key: the schema has no field "ad"; it has adId, clicks',
  ])
  const reserved = topic("__table.t", { schema: Total })
  expect(faultsOf(defineApp("ads", { topics: [reserved] }))).toEqual([
    'topics["__table.t"]: names beginning with __table. are reserved',
  ])
})

test("stages change how long rows are kept", () => {
  const made = table("t", { from: stats, columns, time: "windowStart", retention: "7d" })
  const app = defineApp("ads", { tables: [made], stages: { prod: { tables: { t: { retention: "30d" } } } } })
  expect(resolveApp(app, "prod").definition?.tables[0]?.retentionMs).toBe(2_592_000_000)
  expect(resolveApp(app).definition?.tables[0]?.retentionMs).toBe(604_800_000)
})
