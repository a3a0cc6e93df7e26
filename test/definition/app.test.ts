import { expect, test } from "vitest"
import * as z from "zod"
import { canonicalJson } from "../../shared/definition/canonical.ts"
import { DefinitionError, defineApp, table, topic } from "../../shared/definition/index.ts"
import { loadApp, resolveApp } from "../../shared/definition/resolve.ts"
import { PARTITIONS_MAX } from "../../shared/definition/shapes.ts"
import { checkTopicSpec } from "../../shared/log/topic-config.ts"
import * as log from "../../shared/log/types.ts"
import { Flight, faultsOf, untyped } from "./fixtures.ts"

const flights = topic("flights", { schema: Flight, key: "origin", partitions: 2, retention: "7d" })
const late = table("late", {
  from: flights,
  columns: {
    date: { type: "timestamp", format: "yyyy/MM/dd HH:mm" },
    delay: "int",
    hours: { type: "double", sql: "delay / 60" },
    distance: { type: "int", default: 0 },
  },
  where: "delay > 0",
  time: "date",
})

test("an app comes down to plain frozen data, the topics that tables read included", () => {
  const { definition, faults } = resolveApp(defineApp("air", { tables: [late] }))
  expect(faults).toEqual([])
  expect(JSON.parse(canonicalJson(definition))).toEqual({
    v: 1,
    app: "air",
    stage: "dev",
    topics: [
      {
        name: "flights",
        partitions: 2,
        config: { "retention.ms": "604800000" },
        schema: expect.objectContaining({ type: "object", required: ["date", "delay", "origin"] }),
        key: "origin",
        validate: "reader",
        external: false,
      },
    ],
    tables: [
      {
        name: "late",
        topic: "flights",
        columns: [
          { name: "date", type: "timestamp", format: "yyyy/MM/dd HH:mm" },
          { name: "delay", type: "int" },
          { name: "hours", type: "double", sql: "delay / 60" },
          { name: "distance", type: "int", default: 0 },
        ],
        where: "delay > 0",
        time: "date",
      },
    ],
    jobs: [],
  })
  expect(Object.isFrozen(definition?.tables[0]?.columns[0])).toBe(true)
})

test("a definition's order of writing and place in the file do not matter", () => {
  const other = topic("a", { schema: Flight })
  const one = resolveApp(defineApp("air", { topics: [flights, other], tables: [late] }))
  const two = resolveApp(defineApp("air", { tables: [late], topics: [other, flights] }))
  expect(canonicalJson(one.definition)).toBe(canonicalJson(two.definition))
})

test("a stage changes quantities only", () => {
  const app = defineApp("air", {
    tables: [late],
    stages: {
      prod: {
        topics: { flights: { partitions: 16, retention: "30d" } },
        tables: { late: { rowGroupRows: 8_192 } },
      },
    },
  })
  const prod = resolveApp(app, "prod").definition
  expect(prod?.topics[0]).toMatchObject({ partitions: 16, config: { "retention.ms": "2592000000" } })
  expect(prod?.tables[0]?.rowGroupRows).toBe(8_192)
  expect(resolveApp(app).definition?.topics[0]?.partitions).toBe(2)
})

test("a mistake in any stage shows at once", () => {
  const app = untyped(defineApp)("air", {
    tables: [late],
    stages: {
      prod: { topics: { flights: { key: "x" }, flight: { partitions: 2 } } },
      qa: { topics: { fligths: {} } },
    },
  })
  expect(faultsOf(app)).toEqual([
    "stages.prod.topics.flights.key: is not an option here",
    "stages.qa.topics.fligths: the app has no topic of this name",
  ])
})

test("every mistake is in the one error, with its place in the file", async () => {
  const wrong = untyped(topic)("a b", {
    schema: Flight,
    key: "orgin",
    partitions: 0,
    retention: "7 days",
    colour: "red",
  })
  const app = untyped(defineApp)("air", { topics: [wrong, 4], jobs: [{}], extra: true })
  const error = await loadApp(app).catch((thrown: unknown) => thrown)
  expect(error).toBeInstanceOf(DefinitionError)
  const { faults, code, message } = error as DefinitionError
  expect(code).toBe("invalid_definition")
  expect(faults.map(({ path, message }) => `${path}: ${message}`)).toEqual([
    "app.extra: is not an option here",
    "app.jobs[0]: expected a job, found an object",
    "app.topics[1]: expected a topic, found 4",
    'topics["a b"]: the name "a b": expected 1 to 100 of the characters a-z A-Z 0-9 . _ -',
    'topics["a b"].partitions: expected a whole number from 1 to 10000, found 0',
    'topics["a b"].retention: expected a duration such as "5s", "1m", "1h" or "7d", found "7 days"',
    'topics["a b"].colour: is not an option here',
    'topics["a b"].key: the schema has no field "orgin"; it has date, delay, distance, origin, tags',
  ])
  expect(message).toMatch(/^the definition has 8 mistakes:\n {2}app\.extra: /)
  expect(faults[3]?.at).toMatch(/app\.test\.ts:\d+:\d+$/)
  await expect(loadApp(defineApp("air", { tables: [late] }))).resolves.toMatchObject({ app: "air" })
})

test("names are unique per kind and listed once", () => {
  const twin = topic("flights", { schema: Flight })
  const app = defineApp("air", { topics: [flights, twin, twin], tables: [late, late] })
  expect(faultsOf(app)).toEqual([
    "app.tables[1]: is listed twice",
    "app.topics[2]: is listed twice",
    "topics.flights: two topics have this name",
  ])
})

test("an app file must export an app; names of apps, stages and topics are checked", () => {
  expect(faultsOf(undefined)).toEqual([
    "default: expected the app file to export default defineApp(…), found nothing",
  ])
  expect(faultsOf(defineApp("", {}))[0]).toContain('app: the name ""')
  expect(faultsOf(defineApp("air", {}), "a/b")[0]).toContain('stage: the name "a/b"')
  expect(faultsOf(defineApp("air", { topics: [topic("..", { schema: Flight })] }))).toEqual([
    'topics[".."]: the name "..": expected a name other than . and ..',
  ])
  expect(faultsOf(defineApp("air", { jobs: [] }))).toEqual([])
})

test("an external topic leaves quantities to its owner", () => {
  const external = topic("rates", { schema: Flight, external: true, partitions: 3 })
  const app = defineApp("air", {
    topics: [external],
    stages: { prod: { topics: { rates: { partitions: 2 } } } },
  })
  expect(faultsOf(app)).toEqual([
    "topics.rates.partitions: belongs to the topic's owner: leave it out of an external topic",
    "stages.prod.topics.rates: is an external topic: its quantities are its owner's",
  ])
})

test("settings of a topic are known by name and value", () => {
  const config = {
    "compression.type": "lzma",
    "cleanup.policy": "squeeze",
    "retention.ms": "soon",
    "retentoin.ms": 1,
  }
  expect(faultsOf(defineApp("air", { topics: [topic("t", { schema: Flight, config })] }))).toEqual([
    'topics.t.config["compression.type"]: expected one of producer, uncompressed, gzip, snappy, lz4, zstd, found "lzma"',
    'topics.t.config["cleanup.policy"]: expected one of delete, compact, compact,delete, found "squeeze"',
    'topics.t.config["retention.ms"]: expected milliseconds, or -1 for ever, found "soon"',
    expect.stringMatching(
      /^topics\.t\.config\["retentoin\.ms"\]: is not a setting; expected one of retention\.ms, /,
    ),
  ])
  const twice = topic("t", { schema: Flight, config: { "retention.ms": 5 }, retention: "1d" })
  expect(faultsOf(defineApp("air", { topics: [twice] }))).toEqual([
    "topics.t.retention: is given twice: here and as config retention.ms",
  ])
})

test("the log accepts the settings that a definition accepts", () => {
  const config = {
    "retention.ms": -1,
    "retention.bytes": 5,
    "compression.type": "zstd",
    "cleanup.policy": "delete",
  }
  const topics = [topic("t", { schema: Flight, config })]
  const { definition } = resolveApp(defineApp("air", { topics }))
  const accepted = definition?.topics[0] ?? { name: "", partitions: 0, config: {} }
  expect(Object.keys(accepted.config)).toHaveLength(4)
  expect(() => checkTopicSpec({ ...accepted, owner: "app:air", schema: "" })).not.toThrow()
})

test("who checks the records is the reader or the door", () => {
  const made = (validate: unknown) => untyped(topic)("t", { schema: Flight, validate }) as typeof flights
  const { definition } = resolveApp(defineApp("air", { topics: [made("door")] }))
  expect(definition?.topics[0]?.validate).toBe("door")
  expect(faultsOf(defineApp("air", { topics: [made("nobody")] }))).toEqual([
    'topics.t.validate: expected one of "reader", "door", found "nobody"',
  ])
})

test("a key is a scalar, an event time a number or text", () => {
  const schema = z.object({ id: z.object({ a: z.string() }), at: z.boolean() })
  expect(
    faultsOf(defineApp("air", { topics: [topic("t", { schema, key: "id", eventTime: "at" })] })),
  ).toEqual([
    'topics.t.key: the field "id" is object; a key is text, a number or a boolean',
    'topics.t.eventTime: the field "at" is boolean; an event time is epoch milliseconds or ISO 8601 text',
  ])
})

test("what is made is frozen and keeps nothing of the objects it was made from", () => {
  const columns: Record<string, "int" | "long"> = { delay: "int" }
  const made = table("t", { from: flights, columns: columns as { delay: "int" | "long" } })
  columns.delay = "long"
  expect(made.options.columns).toEqual({ delay: "int" })
  expect(Object.isFrozen(made.options.columns)).toBe(true)
})

test("the bound of partitions is the log's", () => {
  expect(PARTITIONS_MAX).toBe(log.PARTITIONS_MAX)
})
