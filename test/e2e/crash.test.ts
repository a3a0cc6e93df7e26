import { join } from "node:path"
import { expect, test } from "vitest"
import { type Entry, Incarnation, Lane, type Target } from "./lanes.ts"
import { apps, pause, type Server, startServer, until } from "./support.ts"

const KILLS = 20
const PARTITIONS = 4
/** Requests answered between two kills, at least: enough that the builder makes segments on the way. */
const ANSWERED_MIN = 120
/** Sequences that the log keeps the offsets of. */
const SEQUENCES_KEPT = 5

const app = join(apps, "ledger.ts")

/** Three producers on two partitions each, one that keeps three requests under way, and two without headers. */
function lanesTo(target: Target): Lane[] {
  const lanes = [0, 1, 2].flatMap(producer =>
    [producer, producer + 1].map(
      partition =>
        new Lane(target, {
          name: `p${producer}-${partition}`,
          path: `/topics/entries/partitions/${partition}`,
          producer: `producer-${producer}`,
        }),
    ),
  )
  const pipelined = { name: "eager", path: "/topics/entries/partitions/3", producer: "eager", pipelined: 3 }
  const plain = ["plain-0", "plain-1"].map(name => new Lane(target, { name, path: "/topics/entries" }))
  return [...lanes, new Lane(target, pipelined), ...plain]
}

/** A producer of one record a request, whose last answer before a kill is treated as lost. */
class Witness {
  /** The offset that each sequence was answered with. */
  readonly #offsets: number[] = []

  #send(server: Server, n: number) {
    const headers = { "producer-id": "witness", "producer-epoch": "0", "producer-seq": String(n) }
    return server.produce("/topics/entries/partitions/0", [{ lane: "witness", n, pad: "" }], headers)
  }

  get count(): number {
    return this.#offsets.length
  }

  async write(server: Server): Promise<void> {
    const { status, json } = await this.#send(server, this.count)
    expect(status).toBe(200)
    this.#offsets.push(json.offsets[0].offset)
  }

  /** Repeats of the last sequences are answered with their offsets, the one before them as a duplicate. */
  async repeat(server: Server): Promise<void> {
    const first = Math.max(0, this.count - SEQUENCES_KEPT)
    for (let n = first; n < this.count; n++) {
      const { status, json } = await this.#send(server, n)
      expect({ status, offset: json.offsets?.[0].offset }).toEqual({ status: 200, offset: this.#offsets[n] })
    }
    if (first === 0) return
    const { status, json } = await this.#send(server, first - 1)
    expect({ status, reason: json.reason }).toEqual({ status: 409, reason: "duplicate" })
  }
}

async function logOf(server: Server, partition: number): Promise<Entry[]> {
  const entries: Entry[] = []
  for (let offset = 0; ; ) {
    const path = `/topics/entries/partitions/${partition}/records?offset=${offset}&timeout=0&max_bytes=2000000`
    const { json, headers } = await server.call(`GET ${path}`)
    for (const record of json) {
      expect(record.offset).toBe(entries.length)
      entries.push(record.value)
    }
    offset = Number(headers.get("millrace-next-offset"))
    if (offset >= Number(headers.get("millrace-end-offset"))) return entries
  }
}

const numbers = (count: number) => Array.from({ length: count }, (_, n) => n)
const sorted = (values: readonly number[]) => values.toSorted((a, b) => a - b)

test("killed twenty times while producers write, the server loses, doubles and reorders nothing", async () => {
  const target: Target = { server: await startServer({ app }), incarnation: new Incarnation() }
  const lanes = lanesTo(target)
  const running = Promise.all(lanes.map(lane => lane.run()))
  // A lane that fails ends the test where it waits.
  const guarded = <T>(work: Promise<T>) =>
    Promise.race([work, running.then(() => Promise.reject(new Error("the lanes ended")))])
  const witness = new Witness()
  const acknowledged = () => witness.count + lanes.reduce((sum, lane) => sum + lane.acknowledgedRecords, 0)
  const expectAllVisible = async () => {
    const count = acknowledged()
    expect(await target.server.number("SELECT count(*) FROM ledger")).toBeGreaterThanOrEqual(count)
  }

  let kills = 0
  for (let round = 0; kills < KILLS; round++) {
    // Nearly every kill leaves requests unanswered; one that did not is not counted.
    expect(round).toBeLessThan(2 * KILLS)
    const { server, incarnation } = target
    await guarded(until(() => incarnation.answered >= ANSWERED_MIN))
    await expectAllVisible()
    await witness.write(server)
    await pause((round * 7) % 20)
    await guarded(until(() => incarnation.inFlight > 0, 0))
    expect(incarnation.unanswered).toBe(0)
    incarnation.isKilled = true
    await server.kill()
    await until(() => incarnation.inFlight === 0)
    if (incarnation.unanswered > 0) kills++
    const next = await startServer(server.options)
    await witness.repeat(next)
    target.server = next
    target.incarnation = new Incarnation()
    await expectAllVisible()
  }
  for (const lane of lanes) lane.stop()
  await running
  expect(kills).toBe(KILLS)

  const { server } = target
  const logs = await Promise.all(numbers(PARTITIONS).map(partition => logOf(server, partition)))
  const inLog = (name: string) =>
    logs.map(entries => entries.filter(({ lane }) => lane === name).map(({ n }) => n))
  const inTable = async (name: string) =>
    (await server.rows(`SELECT n FROM ledger WHERE lane = '${name}' ORDER BY n LIMIT 100000`)).map(([n]) =>
      Number(n),
    )
  for (const { name, path, producer, count, acknowledged } of lanes) {
    const partitions = inLog(name)
    const all = partitions.flat()
    expect(await inTable(name)).toEqual(sorted(all))
    if (producer !== undefined) {
      // Once each, in order, and on its own partition alone.
      expect(partitions[Number(path.slice(-1))]).toEqual(numbers(count))
      expect(all).toHaveLength(count)
    } else {
      const found = new Set(all)
      expect(found).toEqual(new Set(numbers(count)))
    }
    expect(sorted(acknowledged.flatMap(([first, size]) => numbers(size).map(i => first + i)))).toEqual(
      numbers(count),
    )
  }
  expect(inLog("witness")[0]).toEqual(numbers(witness.count))
  expect(await inTable("witness")).toEqual(numbers(witness.count))
  const total = logs.reduce((sum, entries) => sum + entries.length, 0)
  const { rows, whole } = await server.query("SELECT count(*) FROM ledger")
  expect(Number(rows[0]?.[0])).toBe(total)
  // The kills hit the builder too.
  expect(whole.numSegmentsQueried).toBeGreaterThan(whole.numConsumingSegmentsQueried)
})
