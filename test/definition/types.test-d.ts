// Compiled, never run: what the compiler accepts and refuses in an app file.
import * as z from "zod"
import { count, defineApp, defineJob, from, records, table, topic } from "../../shared/definition/index.ts"

const schema = z.object({
  date: z.string(),
  delay: z.int(),
  late: z.boolean().nullable(),
  to: z.object({ city: z.string() }).optional(),
  anything: z.unknown(),
})
const flights = topic("flights", { schema, key: "date", eventTime: "delay", retention: "7d" })
type Record = NonNullable<(typeof flights)["~record"]>
const record: Record = { date: "", delay: 1, late: null, anything: [] }

// @ts-expect-error no such field
topic("t", { schema, key: "dat" })
// @ts-expect-error not a duration
topic("t", { schema, retention: "7 days" })
// @ts-expect-error not an option
topic("t", { schema, partition: 3 })
// @ts-expect-error a schema is needed
topic("t", {})

export const good = table("good", {
  from: flights,
  columns: {
    date: { type: "timestamp", format: "yyyy/MM/dd HH:mm" },
    delay: { type: "long", default: 0 },
    late: "boolean",
    to: "json",
    anything: "int",
    hours: { type: "double", sql: "delay / 60" },
  },
  time: "date",
})

// @ts-expect-error the topic's records have no field 'dely'
table("t", { from: flights, columns: { dely: "int" } })
// @ts-expect-error a number is not read as text
table("t", { from: flights, columns: { delay: "string" } })
// @ts-expect-error an object is read as json only
table("t", { from: flights, columns: { to: { type: "string" } } })
// @ts-expect-error no such type
table("t", { from: flights, columns: { delay: "integer" } })
// @ts-expect-error no such type, with an expression
table("t", { from: flights, columns: { x: { type: "integer", sql: "1" } } })
// @ts-expect-error no such option of a column
table("t", { from: flights, columns: { delay: { type: "int", sqll: "1" } } })
// @ts-expect-error an expression is text
table("t", { from: flights, columns: { delay: { type: "int", sql: 1 } } })
// @ts-expect-error not one of the columns
table("t", { from: flights, columns: { delay: "int" }, time: "date" })
// @ts-expect-error a topic, not its name
table("t", { from: "flights", columns: { delay: "int" } })

const union = topic("union", {
  schema: z.union([z.object({ a: z.string() }), z.object({ b: z.int() })]),
  key: "a",
})
table("t", { from: union, columns: { a: "string", b: "int" } })

// Two libraries' schemas, one record type.
const aliased = topic("aliased", { schema: z.object({ kind: z.enum(["a", "b"]), n: z.number().optional() }) })
table("t", { from: aliased, columns: { kind: "string", n: "double" } })

defineApp("air", { topics: [flights, union], tables: [good], jobs: [] })
// @ts-expect-error jobs are not supported yet
defineApp("air", { jobs: [{}] })
// @ts-expect-error a stage changes quantities only
defineApp("air", { stages: { prod: { topics: { flights: { key: "date" } } } } })

export { record }

const Stat = z.object({
  adId: z.string(),
  windowStart: z.int(),
  clicks: z.int(),
  gone: z.boolean(),
  tags: z.array(z.string()),
})
const stats = topic("ad-stats", { schema: Stat, key: "adId" })
const statColumns = {
  adId: "string",
  windowStart: "timestamp",
  clicks: "long",
  gone: "boolean",
  tags: { type: "string", list: true },
  seen: { type: "timestamp", list: true, sql: "[windowStart]" },
  spend: { type: "decimal", sql: "clicks / 100" },
} as const

table("ad_stats", {
  from: stats,
  columns: { adId: "string", windowStart: "timestamp", clicks: "long", tags: "string[]", gone: "boolean" },
  time: "windowStart",
  sort: ["adId"],
  primaryKey: ["adId", "windowStart"],
  upsert: { compare: "windowStart", delete: "gone", ttl: "30d" },
  indexes: { adId: ["bloom", "inverted"], clicks: ["range"] },
  rollups: [
    { name: "r", dimensions: ["adId"], aggregates: [{ fn: "count" }, { fn: "sum", column: "clicks" }] },
  ],
  retention: "90d",
  badRecords: { deadLetter: flights },
  rebuild: true,
})
table("t", {
  from: stats,
  columns: statColumns,
  primaryKey: ["adId"],
  upsert: { mode: "partial", strategies: { clicks: "increment", tags: "union", seen: "append" } },
})

// @ts-expect-error a number is not read as a list
table("t", { from: stats, columns: { clicks: "long[]" } })
// @ts-expect-error a list of text is not read as one of numbers
table("t", { from: stats, columns: { tags: "int[]" } })
// @ts-expect-error lists of json are json
table("t", { from: stats, columns: { tags: "json[]" } })
// @ts-expect-error not one of the columns
table("t", { from: stats, columns: statColumns, sort: ["date"] })
// @ts-expect-error not one of the columns
table("t", { from: stats, columns: statColumns, primaryKey: ["ad"], upsert: {} })
// @ts-expect-error a list is no key
table("t", { from: stats, columns: statColumns, primaryKey: ["tags"], upsert: {} })
// @ts-expect-error text is not compared
table("t", { from: stats, columns: statColumns, primaryKey: ["adId"], upsert: { compare: "adId" } })
// @ts-expect-error a number deletes nothing
table("t", { from: stats, columns: statColumns, primaryKey: ["adId"], upsert: { delete: "clicks" } })
// @ts-expect-error not an option of upsert
table("t", { from: stats, columns: statColumns, primaryKey: ["adId"], upsert: { key: "adId" } })
table("t", {
  from: stats,
  columns: statColumns,
  primaryKey: ["adId"],
  // @ts-expect-error text cannot be added up
  upsert: { mode: "partial", strategies: { adId: "increment" } },
})
// @ts-expect-error not one of the columns
table("t", { from: stats, columns: statColumns, indexes: { ad: ["bloom"] } })
// @ts-expect-error text has no range index
table("t", { from: stats, columns: statColumns, indexes: { adId: ["range"] } })
// @ts-expect-error lists have no index
table("t", { from: stats, columns: statColumns, indexes: { tags: ["inverted"] } })
// @ts-expect-error no such index
table("t", { from: stats, columns: statColumns, indexes: { adId: ["hash"] } })
// @ts-expect-error a time is a timestamp
table("t", { from: stats, columns: statColumns, time: "clicks" })
table("t", {
  from: stats,
  columns: statColumns,
  // @ts-expect-error text has no sum
  rollups: [{ name: "r", dimensions: ["adId"], aggregates: [{ fn: "sum", column: "adId" }] }],
})
// @ts-expect-error not a duration
table("t", { from: stats, columns: statColumns, time: "windowStart", retention: "7 days" })
// @ts-expect-error a topic, not its name
table("t", { from: stats, columns: statColumns, badRecords: { deadLetter: "broken" } })

const written = table("written", {
  from: records({ schema: Stat, key: "adId" }),
  columns: { adId: "string", clicks: "long" },
  primaryKey: ["adId"],
  upsert: { compare: "clicks" },
})
// @ts-expect-error no such field
table("t", { from: records({ schema: Stat }), columns: { ad: "string" } })

defineJob("copy", () => from(stats).to(written))
const narrow = () => from(stats).map(({ adId }) => ({ adId }))
// @ts-expect-error the stream's records lack fields that the table's records have
defineJob("less", () => narrow().to(written))
const clicksOnly = table("clicks_only", {
  from: records({ schema: z.object({ adId: z.string(), clicks: z.int() }), key: "adId" }),
  columns: { adId: "string", clicks: "long" },
  primaryKey: ["adId"],
  upsert: {},
})
defineJob("totals", () => from(stats).keyBy("adId").aggregate({ clicks: count() }).toTable(clicksOnly))
