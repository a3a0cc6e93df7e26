import { createHash } from "node:crypto"
import { expect, test } from "vitest"
import * as z from "zod"
import type { AppDefinition, TopicDefinition } from "../../shared/definition/app-definition.ts"
import { plan, planText, refusals } from "../../shared/definition/plan.ts"
import { digestOf, type Stored, storedAfter } from "../../shared/definition/stored.ts"
import type { ColumnSpec, TableSpec } from "../../shared/definition/table-spec.ts"

const schemaOf = (schema: z.ZodType) =>
  schema["~standard"].jsonSchema.input({ target: "draft-2020-12" }) as TopicDefinition["schema"]
const fields = {
  date: z.string(),
  delay: z.int(),
  place: z.object({ city: z.string() }),
  tags: z.array(z.object({ t: z.string() })),
}

const topic: TopicDefinition = {
  name: "flights",
  partitions: 4,
  config: { "retention.ms": "1000" },
  schema: schemaOf(z.object(fields)),
  key: "date",
  validate: "reader",
  external: false,
}
const columns: ColumnSpec[] = [
  { name: "date", type: "timestamp", format: "yyyy" },
  { name: "delay", type: "int" },
  { name: "speed", type: "float", sql: "delay / 2" },
]
const table: TableSpec = { name: "late", topic: "flights", columns, where: "delay > 0", time: "date" }
const app: AppDefinition = { v: 1, app: "air", stage: "dev", topics: [topic], tables: [table], jobs: [] }
const stored: Stored = storedAfter(undefined, app)

function changes(before: Stored | undefined, next: AppDefinition): string[] {
  return plan(before, next).changes.map(
    ({ kind, action, path, what }) => `${kind} ${action} ${path}: ${what}`,
  )
}
const withTopic = (change: Partial<TopicDefinition>) => ({ ...app, topics: [{ ...topic, ...change }] })
const withTable = (change: Partial<TableSpec>) => ({ ...app, tables: [{ ...table, ...change }] })
const withColumns = (...next: ColumnSpec[]) => withTable({ columns: next })
const [date, delay, speed] = columns as [ColumnSpec, ColumnSpec, ColumnSpec]

test("a first definition creates, the same one again changes nothing", () => {
  expect(changes(undefined, app)).toEqual([
    "safe create topics.flights: created",
    "safe create tables.late: created over the topic flights",
  ])
  expect(changes(stored, app)).toEqual([])
})

test.each<[string, AppDefinition, string[]]>([
  [
    "more partitions",
    withTopic({ partitions: 8 }),
    ["safe alter topics.flights.partitions: 4 → 8: keys may go to others from now on"],
  ],
  ["fewer partitions", withTopic({ partitions: 1 }), ["refused alter topics.flights.partitions: 4 → 1"]],
  [
    "config",
    withTopic({ config: { "compression.type": "lz4" } }),
    [
      'safe alter topics.flights.config["compression.type"]: unset → lz4',
      'safe alter topics.flights.config["retention.ms"]: 1000 → unset',
    ],
  ],
  ["another key", withTopic({ key: "delay" }), ["refused alter topics.flights.key: date → delay"]],
  [
    "event time and validation",
    withTopic({ eventTime: "date", validate: "door" }),
    [
      "safe alter topics.flights.eventTime: unset → date",
      "safe alter topics.flights.validate: reader → door",
    ],
  ],
])("topic: %s", (_, next, expected) => {
  expect(changes(stored, next)).toEqual(expected)
})

test.each<[string, z.ZodType, string[]]>([
  [
    "a new optional field",
    z.object({ ...fields, gate: z.string().optional() }),
    ["safe alter topics.flights.schema.gate: new optional field"],
  ],
  [
    "one deep inside",
    z.object({ ...fields, place: z.object({ city: z.string(), zip: z.string().optional() }) }),
    ["safe alter topics.flights.schema.place.zip: new optional field"],
  ],
  [
    "one in a list",
    z.object({ ...fields, tags: z.array(z.object({ t: z.string(), n: z.int().optional() })) }),
    ["safe alter topics.flights.schema.tags[].n: new optional field"],
  ],
  ["a description", z.object({ ...fields, delay: z.int().describe("minutes") }), []],
  [
    "a new required field",
    z.object({ ...fields, gate: z.string() }),
    ["refused alter topics.flights.schema.gate: new required field"],
  ],
  [
    "a field removed",
    z.object({ date: z.string(), delay: z.int(), place: fields.place }),
    ["refused alter topics.flights.schema.tags: removed"],
  ],
  [
    "a field made optional",
    z.object({ ...fields, delay: z.int().optional() }),
    ["refused alter topics.flights.schema.delay: required → optional"],
  ],
  [
    "another type",
    z.object({ ...fields, date: z.boolean() }),
    ["refused alter topics.flights.schema.date: type: string → boolean"],
  ],
  [
    "a closed object",
    z.strictObject(fields),
    ["refused alter topics.flights.schema: additionalProperties: unset → false"],
  ],
])("schema: %s", (_, schema, expected) => {
  const next = withTopic({ schema: schemaOf(schema) })
  expect(changes(stored, next)).toEqual(expected)
  const forced = plan(stored, withTopic({ schema: schemaOf(schema), compatibility: "none" }))
  expect(refusals(forced)).toEqual([])
})

test.each<[string, AppDefinition, string[]]>([
  [
    "a column added",
    withColumns(date, delay, speed, { name: "x", type: "string" }),
    ["background alter tables.late.columns.x: added as string"],
  ],
  [
    "a column removed",
    withColumns(date, delay),
    ["safe alter tables.late.columns.speed: hidden: its values stay"],
  ],
  [
    "int → long",
    withColumns(date, { ...delay, type: "long" }, speed),
    ["safe alter tables.late.columns.delay.type: int → long"],
  ],
  [
    "int → double",
    withColumns(date, { ...delay, type: "double" }, speed),
    ["safe alter tables.late.columns.delay.type: int → double"],
  ],
  [
    "float → double",
    withColumns(date, delay, { ...speed, type: "double" }),
    ["safe alter tables.late.columns.speed.type: float → double"],
  ],
  [
    "int → float",
    withColumns(date, { ...delay, type: "float" }, speed),
    ["refused alter tables.late.columns.delay.type: int → float"],
  ],
  [
    "another type",
    withColumns(date, { ...delay, type: "string" }, speed),
    ["refused alter tables.late.columns.delay.type: int → string"],
  ],
  [
    "another sql",
    withColumns(date, delay, { ...speed, sql: "delay" }),
    ["refused alter tables.late.columns.speed.sql: delay / 2 → delay"],
  ],
  [
    "another format",
    withColumns({ ...date, format: "yyyyMM" }, delay, speed),
    ["refused alter tables.late.columns.date.format: yyyy → yyyyMM"],
  ],
  [
    "a default",
    withColumns(date, { ...delay, default: 0 }, speed),
    ["refused alter tables.late.columns.delay.default: unset → 0"],
  ],
  [
    "names that differ in case",
    withColumns(date, delay, speed, { name: "Delay", type: "int" }),
    ["refused alter tables.late.columns.Delay: added as int"],
  ],
  ["another order", withColumns(delay, date, speed), ["safe alter tables.late.columns: in another order"]],
  [
    "another where",
    withTable({ where: "delay > 1" }),
    ["refused alter tables.late.where: delay > 0 → delay > 1"],
  ],
  ["a sort", withTable({ sort: ["delay"] }), ["background alter tables.late.sort: unset → delay"]],
  ["a key", withTable({ primaryKey: ["date"] }), ['refused alter tables.late.primaryKey: unset → ["date"]']],
  [
    "upsert",
    withTable({ upsert: { compare: "delay" } }),
    ['refused alter tables.late.upsert: unset → {"compare":"delay"}'],
  ],
  ["dedup", withTable({ dedup: {} }), ["refused alter tables.late.dedup: unset → {}"]],
  [
    "a list",
    withColumns(date, { ...delay, list: true }, speed),
    ["refused alter tables.late.columns.delay.type: int → int[]"],
  ],
  [
    "a wider list",
    withColumns(date, { ...delay, type: "long", list: true }, speed),
    ["refused alter tables.late.columns.delay.type: int → long[]"],
  ],
  [
    "indexes",
    withTable({ indexes: { delay: ["bloom", "range"] } }),
    ["background alter tables.late.indexes.delay: bloom, range added"],
  ],
  [
    "a rollup",
    withTable({ rollups: [{ name: "r", dimensions: ["date"], aggregates: [{ fn: "count" }] }] }),
    ["background alter tables.late.rollups.r: added"],
  ],
  ["another time", withTable({ time: undefined }), ["refused alter tables.late.time: date → unset"]],
  ["retention", withTable({ retentionMs: 1_000 }), ["safe alter tables.late.retention: unset → 1000"]],
  [
    "a dead-letter topic",
    withTable({ badRecords: { deadLetter: "broken" } }),
    ['safe alter tables.late.badRecords: skip → {"deadLetter":"broken"}, from now on'],
  ],
  ["rebuild alone", withTable({ rebuild: true }), []],
  [
    "another where, with leave to rebuild",
    withTable({ where: "delay > 1", rebuild: true }),
    ["background alter tables.late.where: delay > 0 → delay > 1: built anew from what the log still holds"],
  ],
  [
    "upsert, with leave to rebuild",
    withTable({ upsert: {}, primaryKey: ["date"], rebuild: true }),
    [
      'background alter tables.late.primaryKey: unset → ["date"]: built anew from what the log still holds',
      "background alter tables.late.upsert: unset → {}: built anew from what the log still holds",
    ],
  ],
  [
    "the rest",
    withTable({ badRecords: "null", rowGroupRows: 8_192 }),
    [
      "safe alter tables.late.badRecords: skip → null, from now on",
      "safe alter tables.late.rowGroupRows: unset → 8192, in new segments",
    ],
  ],
])("table: %s", (_, next, expected) => {
  expect(changes(stored, next)).toEqual(expected)
})

test("indexes and rollups that are taken out, and rollups that are made otherwise", () => {
  const rollups = [{ name: "r", dimensions: ["date"], aggregates: [{ fn: "count" as const }] }]
  const before = storedAfter(undefined, withTable({ indexes: { delay: ["bloom"] }, rollups }))
  expect(changes(before, app)).toEqual([
    "safe alter tables.late.indexes.delay: bloom left out of new segments",
    "safe alter tables.late.rollups.r: left out of new segments",
  ])
  const other = withTable({
    indexes: { delay: ["range"] },
    rollups: [{ ...rollups[0]!, leafRows: 500 }],
  })
  expect(changes(before, other)).toEqual([
    "background alter tables.late.indexes.delay: range added",
    "safe alter tables.late.indexes.delay: bloom left out of new segments",
    "background alter tables.late.rollups.r: made anew",
  ])
})

test("a table that is built anew has no hidden columns, and nothing is left of the leave", () => {
  const hidden = storedAfter(stored, withColumns(date, speed))
  const after = storedAfter(hidden, withTable({ columns: [date, speed], where: "true", rebuild: true }))
  expect(after.tables[0]).toEqual({
    owner: "app:air",
    attached: true,
    spec: { ...table, columns: [date, speed], where: "true" },
    hidden: [],
  })
})

test("another topic under a table is refused", () => {
  const other = { ...topic, name: "other" }
  const next = { ...app, topics: [topic, other], tables: [{ ...table, topic: "other" }] }
  expect(changes(stored, next)).toEqual([
    "safe create topics.other: created",
    "refused alter tables.late.from: flights → other",
  ])
})

test("removal detaches, the name's return attaches again", () => {
  const empty = { ...app, topics: [], tables: [] }
  expect(changes(stored, empty)).toEqual([
    "safe detach topics.flights: detached: it stays with its records",
    "safe detach tables.late: detached: it stops consuming and stays queryable",
  ])
  const detached = storedAfter(stored, empty)
  expect(changes(detached, empty)).toEqual([])
  expect(changes(detached, app)).toEqual([
    "safe attach topics.flights: attached again, with its records",
    "safe attach tables.late: attached again: it consumes on from where it stopped",
  ])
  expect(storedAfter(detached, app)).toEqual(stored)
})

test("a hidden column keeps its place in the store and returns only as it was", () => {
  const hidden = storedAfter(stored, withColumns(date, speed))
  expect(hidden.tables[0]).toMatchObject({ spec: { columns: [date, speed, delay] }, hidden: ["delay"] })
  expect(changes(hidden, withColumns(date, speed))).toEqual([])
  expect(changes(hidden, app)).toContain("safe alter tables.late.columns.delay: shown again")
  expect(changes(hidden, withColumns(date, { ...delay, type: "string" }, speed))).toContain(
    "refused alter tables.late.columns.delay.type: int → string",
  )
  expect(storedAfter(hidden, app)).toEqual(stored)
})

test("what others own is never touched", () => {
  const others: Stored = {
    topics: [{ name: "flights", owner: "http", attached: true, partitions: 1, config: {} }],
    tables: [{ owner: "app:rail", attached: true, spec: table, hidden: [] }],
    jobs: [],
  }
  const { changes: found } = plan(others, app)
  expect(found.map(({ kind, path, reason }) => [kind, path, reason])).toEqual([
    ["refused", "topics.flights", "it was made by a request over HTTP"],
    ["refused", "tables.late", "it was made by the app rail"],
  ])
  expect(changes(others, { ...app, topics: [], tables: [] })).toEqual([])
  expect(storedAfter(others, { ...app, topics: [], tables: [] })).toEqual(others)
})

test("an external topic is checked, never created", () => {
  const external = withTopic({ external: true })
  const reader = { ...external, app: "reader", tables: [] }
  expect(changes(undefined, reader)).toEqual(["refused attach topics.flights: read as an external topic"])
  expect(changes(stored, reader)).toEqual([])
  const http: Stored = {
    topics: [{ name: "flights", owner: "http", attached: true, partitions: 1, config: {} }],
    tables: [],
    jobs: [],
  }
  expect(changes(http, reader)).toEqual([])
  expect(storedAfter(http, reader)).toEqual(http)
  const differs = {
    ...reader,
    topics: [{ ...topic, external: true, key: "delay", schema: schemaOf(z.object({ delay: z.int() })) }],
  }
  expect(changes(stored, differs)).toEqual([
    "refused attach topics.flights.schema: read with another schema",
    "refused attach topics.flights.key: read with the key delay",
  ])
  expect(changes(stored, { ...external, tables: [table] })).toEqual([
    "safe detach topics.flights: detached: it stays with its records",
  ])
})

test("every refusal has a reason and a remedy, and the text puts them first", () => {
  const bad = plan(stored, { ...withTopic({ partitions: 1, validate: "door" }), tables: [] })
  for (const change of refusals(bad)) expect([change.reason, change.remedy]).not.toContain(undefined)
  expect(planText(bad)).toBe(
    [
      "refused    topics.flights.partitions: 4 → 1: partitions only grow; keep partitions: 4, or make a new topic under another name",
      "safe       topics.flights.validate: reader → door",
      "safe       tables.late: detached: it stops consuming and stays queryable",
    ].join("\n"),
  )
})

test("equal definitions have equal digests", () => {
  const sha256 = (text: string) => createHash("sha256").update(text).digest("hex")
  const turned = Object.fromEntries(Object.entries(app).reverse()) as unknown as AppDefinition
  expect(digestOf(turned, sha256)).toBe(digestOf(app, sha256))
  expect(digestOf(withTable({ where: "true" }), sha256)).not.toBe(digestOf(app, sha256))
  expect(digestOf(app, sha256)).toMatch(/^[0-9a-f]{64}$/)
})

test("what a key index orders rows by stays of one order", () => {
  const keyed = { ...table, primaryKey: ["date"], upsert: { compare: "delay" } }
  const as = (type: ColumnSpec["type"]) => ({
    ...app,
    tables: [{ ...keyed, columns: [date, { ...delay, type }, speed] }],
  })
  const before = storedAfter(undefined, as("int"))
  expect(changes(before, as("long"))).toEqual(["safe alter tables.late.columns.delay.type: int → long"])
  expect(changes(before, as("double"))).toEqual([
    "refused alter tables.late.columns.delay.type: int → double",
  ])
})
