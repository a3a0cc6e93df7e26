// Compiled, never run: what the compiler accepts and refuses in an app file.
import * as z from "zod"
import { defineApp, table, topic } from "../../shared/definition/index.ts"

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
// @ts-expect-error not supported yet
table("t", { from: flights, columns: { delay: "int" }, primaryKey: ["delay"] })
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
