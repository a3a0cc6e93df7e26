import { readFileSync } from "node:fs"
import { createRequire } from "node:module"
import { join } from "node:path"
import { expect, test } from "vitest"
import app, { flights } from "../../examples/flights/app.ts"
import { replay } from "../../examples/flights/replay.ts"
import { loadApp } from "../../shared/definition/resolve.ts"
import { parseTimeFormat, timeReader } from "../../shared/definition/time-format.ts"

const data = join(createRequire(import.meta.url).resolve("vega-datasets"), "../../data/flights-20k.json")
const source = JSON.parse(readFileSync(data, "utf8")) as { date: string }[]

async function valuesFrom(from: number): Promise<string[]> {
  const values: string[] = []
  for await (const value of replay.values(from)) values.push(Buffer.from(value).toString("utf8"))
  return values
}

test("the replay has every flight once, in event-time order, fitting schema and format", async () => {
  const values = await valuesFrom(0)
  expect(values).toHaveLength(replay.count)
  expect(new Set(values)).toEqual(new Set(source.map(flight => JSON.stringify(flight))))
  const records = values.map(value => JSON.parse(value) as { date: string })
  expect(records.map(record => record.date)).toEqual(source.map(flight => flight.date).sort())
  const definition = await loadApp(app)
  expect(definition.topics.map(topic => topic.name)).toContain(replay.topic)
  const format = definition.tables[0]?.columns[0]?.format ?? ""
  const read = timeReader(parseTimeFormat(format) as Exclude<ReturnType<typeof parseTimeFormat>, string>)
  expect(records.filter(record => read(record.date) === undefined)).toEqual([])
  const schema = flights.options.schema as { safeParse(record: unknown): { success: boolean } }
  expect(records.filter(record => !schema.safeParse(record).success)).toEqual([])
})

test("a position in the replay means the same record every time", async () => {
  const all = await valuesFrom(0)
  expect(await valuesFrom(19_998)).toEqual(all.slice(19_998))
  expect(await valuesFrom(replay.count)).toEqual([])
})
