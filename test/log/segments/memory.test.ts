import { expect, test } from "vitest"
import { openLog } from "../../../shared/log/open-log.ts"
import { memoryPorts } from "../../support/memory-ports.ts"
import { append } from "../support.ts"
import { DAY_MS, HOUR_MS, keeper } from "./support.ts"

test("what is rolled up together fits into memory, also where it was looked through a short time ago", async () => {
  const ports = memoryPorts()
  const log = openLog(ports)
  await log.createTopic({ name: "events", partitions: 2, owner: "http" })
  const large = "x".repeat(20_000)
  for (let at = 0; at < 140; at++) await append(log, [large], { partition: at % 2 })
  // Its own clock stands still: what it saw a moment ago it takes for new.
  const own = memoryPorts({ stores: ports.stores, seed: 9 })
  const asked: string[] = []
  const { objects } = own
  const noted = Object.assign(Object.create(objects), {
    get: (...all: Parameters<typeof objects.get>) => {
      asked.push(all[0].slice(0, 3))
      return objects.get(...all)
    },
    put: (...all: Parameters<typeof objects.put>) => {
      asked.push(all[0].slice(0, 3))
      return objects.put(...all)
    },
  })
  const keeps = keeper({ ...own, objects: noted }, { rollBytesMax: 2 * 1024 * 1024 })
  expect(await keeps.round()).toMatchObject({ rolled: 0, faults: [] })
  ports.advance(DAY_MS + HOUR_MS)
  expect(await keeps.round()).toMatchObject({ rolled: 2, faults: [] })
  expect(asked.filter(key => key === "wal").length).toBe(140)
  expect(asked.slice(0, asked.indexOf("seg")).length).toBe(70)
})
