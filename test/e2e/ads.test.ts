import { join } from "node:path"
import { expect, test } from "vitest"
import { type AdEvent, adEvents } from "../../examples/ads/events.ts"
import { type Entry, ledgerOf } from "../../examples/ads/ledger.ts"
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

/** Events that the job set aside as too late, each of them once. */
async function lateEvents(server: Server): Promise<ReadonlySet<string>> {
  const path = "/topics/ad-events-late/partitions/0/records?offset=0&timeout=0&max_bytes=4000000"
  const ids: string[] = (await server.call(`GET ${path}`)).json.map(
    ({ value }: { value: AdEvent }) => value.eventId,
  )
  expect(new Set(ids).size).toBe(ids.length)
  return new Set(ids)
}

/** The newest row of each minute, in the ledger's form, and how many rows there are in all. */
async function tableOf(server: Server, before: number): Promise<readonly Entry[]> {
  const rows = await server.rows(
    `SELECT adId, epoch_ms(windowStart), events, impressions, clicks, spend * 1000000, users FROM ad_stats
       QUALIFY row_number() OVER (PARTITION BY adId, windowStart ORDER BY events DESC) = 1
       ORDER BY adId, windowStart LIMIT 100000`,
  )
  return rows
    .map(([adId, windowStart, events, impressions, clicks, spendMicros, users]) => ({
      adId: String(adId),
      windowStart: Number(windowStart),
      events: Number(events),
      impressions: Number(impressions),
      clicks: Number(clicks),
      spendMicros: Number(spendMicros),
      users: Number(users),
    }))
    .filter(({ windowStart }) => windowStart < before)
}

/** An event of each ad, long after all others: every minute before it is over. */
function lastEvents(events: readonly AdEvent[]): readonly AdEvent[] {
  const after = Math.max(...events.map(({ occurredAt }) => occurredAt)) + 3_600_000
  const ads = [...new Set(events.map(({ adId }) => adId))]
  return ads.map(adId => {
    const shared = { userId: "nobody", type: "impression", costMicros: 0, occurredAt: after } as const
    return { eventId: `last-${adId}`, adId, ...shared }
  })
}

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
  const table = await tableOf(server, over)
  const cents = (entries: readonly Entry[]) =>
    Math.round(entries.reduce((sum, { spendMicros }) => sum + spendMicros, 0) / MICROS_PER_CENT)
  expect(cents(table)).toBe(cents(ledger))
  expect(table).toEqual(ledger)
  // A minute that is given again has more events in it than before: no row came twice.
  const all = await server.number("SELECT count(*) FROM ad_stats")
  const different = "SELECT count(*) FROM (SELECT DISTINCT adId, windowStart, events FROM ad_stats)"
  expect(await server.number(different)).toBe(all)
  expect(late.size).toBeGreaterThan(0)
  expect(all).toBeGreaterThan(table.length)
  expect((await server.stop()).code).toBe(0)
})
