import { join } from "node:path"
import { expect, test } from "vitest"
import { type AdEvent, adEvents } from "../../examples/ads/events.ts"
import { type Entry, ledgerOf } from "../../examples/ads/ledger.ts"
import { givenResults, lastEvents, lateEvents, statsOf } from "./ads-answers.ts"
import { pause, repository, type Server, startServer, until } from "./support.ts"

const KILLS = 20
const app = join(repository, "examples/ads/app.ts")
const MICROS_PER_CENT = 10_000

const ndjson = { "content-type": "application/x-ndjson" }

async function send(server: Server, events: readonly AdEvent[]): Promise<void> {
  const body = events.map(event => JSON.stringify(event)).join("\n")
  const { status } = await server.call("POST /topics/ad-events?key=adId", { headers: ndjson, body })
  expect(status).toBe(200)
}

interface Task {
  readonly lag: number
  readonly records_in: number
  readonly commits: number
}

async function tasksOf(server: Server): Promise<readonly Task[]> {
  return (await server.call("GET /jobs/ad-stats")).json.tasks
}

const sumOf = (tasks: readonly Task[], of: (task: Task) => number) =>
  tasks.reduce((sum, task) => sum + of(task), 0)

test("killed twenty times, the job counts each event once: its table is the ledger, to the cent", async () => {
  const events = adEvents({ count: 6_000, seed: 7 })
  const chunk = Math.ceil(events.length / KILLS)
  let server = await startServer({ app, args: ["--no-replay"] })
  let counted = 0
  for (let kill = 0; kill < KILLS; kill++) {
    await send(server, events.slice(kill * chunk, (kill + 1) * chunk))
    // Every other time amid the work on what was sent, else once some of it is committed.
    if (kill % 2 === 1) await until(async () => sumOf(await tasksOf(server), at => at.records_in) > counted)
    else await pause((kill * 37) % 300)
    counted = sumOf(await tasksOf(server), at => at.records_in)
    await server.kill()
    server = await startServer(server.options)
  }
  await send(server, lastEvents(events))
  await until(async () => sumOf(await tasksOf(server), at => at.lag) === 0)
  const paused = await server.call("POST /jobs/ad-stats/pause")
  expect(paused.json).toMatchObject({ state: "paused", generation: 2 })

  const late = await lateEvents(server)
  const total = sumOf(await tasksOf(server), at => at.records_in)
  expect(total).toBeGreaterThanOrEqual(events.length)
  const ledger = ledgerOf(events, late)
  const over = Math.max(...events.map(({ occurredAt }) => occurredAt)) + 60_000
  const table = await statsOf(server, over)
  const cents = (entries: readonly Entry[]) =>
    Math.round(entries.reduce((sum, { spendMicros }) => sum + spendMicros, 0) / MICROS_PER_CENT)
  expect(cents(table)).toBe(cents(ledger))
  expect(table).toEqual(ledger)
  // A minute that is given again has more events in it than before: no row came twice.
  const given = await givenResults(server)
  expect(new Set(given).size).toBe(given.length)
  expect(late.size).toBeGreaterThan(0)
  // How many minutes are given again depends on how much the job reads at once.
  expect(given.length).toBeGreaterThanOrEqual(table.length)
  expect((await server.stop()).code).toBe(0)
})
