import { existsSync, readdirSync } from "node:fs"
import { join } from "node:path"
import { expect, test } from "vitest"
import { apps, type Server, startServer, until } from "./support.ts"

const KILLS = 4
const PARTITIONS = 4
/** Answers that every incarnation gives before it is killed. */
const ANSWERS = 25

const app = join(apps, "ledger.ts")

interface Sent {
  readonly n: number
  readonly answered: boolean
}

/** One request after the other to one partition, each a new number; what is not answered is not sent again. */
async function write(server: Server, lane: number, from: number, answered: () => void): Promise<Sent[]> {
  const sent: Sent[] = []
  for (let n = from; ; n++) {
    const path = `/topics/entries/partitions/${lane}?ack=journal`
    const answer = await server.produce(path, [{ lane: `l${lane}`, n, pad: "" }]).catch(() => undefined)
    sent.push({ n, answered: answer !== undefined })
    if (answer === undefined) return sent
    expect(answer.status).toBe(202)
    answered()
  }
}

async function logOf(server: Server, partition: number): Promise<number[]> {
  const found: number[] = []
  for (let offset = 0; ; ) {
    const path = `/topics/entries/partitions/${partition}/records?offset=${offset}&timeout=0`
    const { json, headers } = await server.call(`GET ${path}`)
    for (const { value } of json) found.push(value.n)
    offset = Number(headers.get("millrace-next-offset"))
    if (offset >= Number(headers.get("millrace-end-offset"))) return found
  }
}

const lanes = Array.from({ length: PARTITIONS }, (_, lane) => lane)

test("killed between the 202 and the log, the server appends what its journal took: once, in order", async () => {
  let server = await startServer({ app })
  const sent: Sent[][] = lanes.map(() => [])
  for (let kill = 0; kill < KILLS; kill++) {
    let answers = 0
    const writing = lanes.map(lane => write(server, lane, sent[lane].length, () => answers++))
    await until(() => answers >= ANSWERS, 0)
    // The last answers were given this very moment: their records are hardly in the log.
    await server.kill()
    for (const [lane, wrote] of (await Promise.all(writing)).entries()) sent[lane].push(...wrote)
    server = await startServer(server.options)
  }
  for (const lane of lanes) {
    const answered = sent[lane].filter(each => each.answered).map(({ n }) => n)
    let found: number[] = []
    await until(async () => {
      found = await logOf(server, lane)
      return answered.every(n => found.includes(n))
    })
    expect(new Set(found).size).toBe(found.length)
    expect(found).toEqual(found.toSorted((a, b) => a - b))
  }
  const total = await server.number("SELECT count(*) FROM ledger")
  expect(total).toBe((await Promise.all(lanes.map(lane => logOf(server, lane)))).flat().length)

  // A stop appends what there is before it ends.
  const late = Array.from({ length: 20 }, (_, n) => ({ lane: "late", n, pad: "" }))
  const answers = await Promise.all(late.map(row => server.produce("/topics/entries?ack=journal", [row])))
  expect(answers.map(({ status }) => status)).toEqual(late.map(() => 202))
  server.child.kill("SIGTERM")
  expect(await server.exited).toMatchObject({ code: 0 })
  const folder = join(server.options.data, "journal")
  expect(existsSync(folder) && readdirSync(folder)).toHaveLength(1)
  server = await startServer(server.options)
  expect(await server.number("SELECT count(*) FROM ledger")).toBe(total + late.length)
})
