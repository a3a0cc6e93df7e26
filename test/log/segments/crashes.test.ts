import { expect, test } from "vitest"
import { openLog } from "../../../shared/log/open-log.ts"
import { memoryStores } from "../../../shared/storage/memory/memory-stores.ts"
import { type MemoryPorts, memoryPorts } from "../../support/memory-ports.ts"
import { append } from "../support.ts"
import { dyingPorts } from "./dying-ports.ts"
import { DAY_MS, everything, HOUR_MS, keeper, keyed } from "./support.ts"

const LARGE = "x".repeat(20_000)

/** Three topics in which a round has something of everything to do. */
async function prepared(): Promise<{ ports: MemoryPorts; ids: string[]; advance: (ms: number) => void }> {
  let date = Date.UTC(2026, 0, 1)
  const stores = memoryStores({ date: () => date })
  const ports = memoryPorts({ stores })
  const advance = (ms: number) => {
    date += ms
    ports.advance(ms)
  }
  const log = openLog(ports)
  const make = async (name: string, config: Record<string, string>) =>
    (await log.createTopic({ name, partitions: 1, owner: "http", config })).id
  const ids = [
    await make("kept", {}),
    await make("short", { "retention.ms": String(2 * DAY_MS) }),
    await make("compacted", { "cleanup.policy": "compact", "delete.retention.ms": String(DAY_MS) }),
  ]
  for (let day = 0; day < 4; day++) {
    for (const topic of ["kept", "short"]) {
      await append(log, [`${topic} ${day}`], { topic })
      await append(log, [`${topic} ${day} ${LARGE}`], { topic })
    }
    const pairs = [
      ["a", `${day}`],
      ["b", day % 2 === 0 ? null : `${day}`],
    ] as const
    await log.append({ topic: "compacted", parts: [{ partition: 0, records: keyed(pairs) }] })
    if (day < 3) {
      advance(DAY_MS + HOUR_MS)
      await keeper(ports).round()
    }
  }
  await log.createTopic({ name: "deleted", partitions: 1, owner: "http" })
  await append(log, [LARGE], { topic: "deleted" })
  await log.deleteTopic("deleted", "http")
  advance(DAY_MS + HOUR_MS)
  return { ports, ids, advance }
}

test("a keeper that dies before or after any write: who goes on finds everything, and all is done in the end", async () => {
  const whole = await prepared()
  const live = dyingPorts(whole.ports, Number.POSITIVE_INFINITY, "before")
  await keeper(live.ports).round()
  const expected = await Promise.all(whole.ids.map(id => everything(openLog(whole.ports), id)))
  expect(expected.map(found => found.length)).toEqual([8, 2, 2])
  whole.advance(DAY_MS + HOUR_MS)
  await keeper(whole.ports).round()
  const prefixes = (ports: MemoryPorts) =>
    ports.stores.objectKeys().map(key => key.split("/", key.startsWith("wal/") ? 1 : 3).join("/"))
  const left = prefixes(whole.ports)
  let points = 0
  for (let write = 1; write <= live.writes(); write++) {
    for (const phase of ["before", "after"] as const) {
      const { ports, ids, advance } = await prepared()
      const before = await everything(openLog(ports), ids[0]!)
      await keeper(dyingPorts(ports, write, phase).ports)
        .round()
        .catch(() => {})
      // What is kept for ever reads the same at every moment.
      expect(await everything(openLog(ports), ids[0]!), `dead ${phase} write ${write}`).toEqual(before)
      for (let round = 0; round < 2; round++) await keeper(ports).round()
      const after = await Promise.all(ids.map(id => everything(openLog(ports), id)))
      expect(after, `dead ${phase} write ${write}`).toEqual(expected)
      // What it left behind goes a day later.
      advance(DAY_MS + HOUR_MS)
      await keeper(ports).round()
      expect(prefixes(ports), `dead ${phase} write ${write}`).toEqual(left)
      points++
    }
  }
  expect(points).toBeGreaterThan(30)
  process.stdout.write(`${points} crash points at ${live.writes()} writes\n`)
})
