import { afterAll, describe, expect, test } from "vitest"
import { openEndpoint } from "../../localstack/endpoint.ts"
import { openLog } from "../../shared/log/open-log.ts"
import type { Log } from "../../shared/log/types.ts"
import { diffLedgers, ledgerToJson, RequestLedger } from "../../shared/storage/aws/ledger.ts"
import { localClock } from "../../shared/storage/local/clock.ts"
import { localRandom } from "../../shared/storage/local/random.ts"
import { records } from "../log/support.ts"
import { memoryPorts } from "../support/memory-ports.ts"
import { emulatedStores } from "./support-aws.ts"

// What the log asks of S3 and DynamoDB, and so what it costs there: a change of these figures is a change of the bill.

const endpoint = await openEndpoint()
const RECORD = "x".repeat(1_000)
const HUNDRED = Array.from({ length: 100 }, () => RECORD)

interface Counted {
  readonly log: Log
  readonly topicId: string
  /** A log of another environment, which knows nothing yet. */
  another(): { readonly log: Log; told(): object }
  /** What was asked for since the last call. */
  told(): object
  close(): Promise<void>
}

async function openCounted(open: ReturnType<typeof emulatedStores>, partitions: number): Promise<Counted> {
  const ledger = new RequestLedger()
  const { wake } = memoryPorts()
  const stores = await open({ ledger })
  const ports = { ...stores, clock: localClock(), random: localRandom(), wake }
  const log = openLog(ports)
  const { id } = await log.createTopic({ name: "events", partitions, owner: "http" })
  let before = ledger.snapshot()
  const told = () => {
    const after = ledger.snapshot()
    const since = ledgerToJson(diffLedgers(after, before))
    before = after
    return since
  }
  const another = () => ({ log: openLog(ports), told })
  return { log, topicId: id, another, told, close: () => stores.close() }
}

async function appendTo(log: Log, partitions: readonly number[], values: readonly string[]): Promise<void> {
  const parts = partitions.map(partition => ({ partition, records: records(...values) }))
  for (const result of await log.append({ topic: "events", parts }))
    expect(result).toHaveProperty("baseOffset")
}

if ("skipped" in endpoint) {
  describe(`aws ledger [skipped: ${endpoint.skipped.replace(/[[\]]/g, "'")}]`, () => {
    test.skip("what the log asks for", () => {})
  })
} else {
  afterAll(() => endpoint.stop())
  const open = emulatedStores(endpoint.url)
  const lists = [0, 1, 2, 3]

  describe("what the log asks of AWS", () => {
    test("a warm append of 100 records of 1 KB: one object, one slot of one write unit", async () => {
      const { log, told, close } = await openCounted(open, 1)
      await appendTo(log, [0], HUNDRED)
      told()
      for (let again = 0; again < 3; again++) {
        await appendTo(log, [0], HUNDRED)
        expect(told()).toEqual({
          s3: { puts: 1, bytesPut: expect.any(Number) },
          dynamodb: { puts: 1, writeUnits: 1, bytesWritten: expect.any(Number) },
        })
      }
      await close()
    })

    test("each further partition of a request: one more slot, in the same object", async () => {
      const { log, told, close } = await openCounted(open, 4)
      await appendTo(log, lists, HUNDRED)
      told()
      await appendTo(log, lists, HUNDRED)
      expect(told()).toEqual({
        s3: { puts: 1, bytesPut: expect.any(Number) },
        dynamodb: { puts: 4, writeUnits: 4, bytesWritten: expect.any(Number) },
      })
      await close()
    })

    test("a small request goes into its slot: no object", async () => {
      const { log, told, close } = await openCounted(open, 1)
      await appendTo(log, [0], [RECORD])
      told()
      await appendTo(log, [0], [RECORD])
      expect(told()).toEqual({ dynamodb: { puts: 1, writeUnits: 2, bytesWritten: expect.any(Number) } })
      await close()
    })

    test("a cold append reads the topic, the snapshot and the slots once", async () => {
      const { log, another, told, close } = await openCounted(open, 1)
      await appendTo(log, [0], [RECORD])
      told()
      await appendTo(another().log, [0], [RECORD])
      expect(told()).toMatchObject({
        // The snapshot and the segments' index come by one query.
        dynamodb: { gets: 1, queries: 2, readUnits: 3, puts: 1, writeUnits: 2 },
      })
      await close()
    })

    test("a lost slot costs its put and one read, and no second object", async () => {
      const { log, another, told, close } = await openCounted(open, 1)
      await appendTo(log, [0], HUNDRED)
      await appendTo(another().log, [0], HUNDRED)
      told()
      await appendTo(log, [0], HUNDRED)
      expect(told()).toMatchObject({
        s3: { puts: 1 },
        dynamodb: { puts: 2, refused: 1, writeUnits: 2, queries: 1, readUnits: 1 },
      })
      await close()
    })

    test("who knows of another writer looks before its put, and once more after an upload", async () => {
      const { log, another, told, close } = await openCounted(open, 1)
      const other = another().log
      await appendTo(log, [0], [RECORD])
      await appendTo(other, [0], [RECORD])
      told()
      await appendTo(other, [0], [RECORD])
      expect(told()).toMatchObject({ dynamodb: { queries: 1, readUnits: 1, puts: 1, writeUnits: 2 } })
      await appendTo(other, [0], HUNDRED)
      expect(told()).toMatchObject({ s3: { puts: 1 }, dynamodb: { queries: 2, readUnits: 2, puts: 1 } })
      await close()
    })

    test("a reader pays for what is new: one read of the slots, one ranged read of the object", async () => {
      const { log, another, topicId, told, close } = await openCounted(open, 1)
      await appendTo(log, [0], HUNDRED)
      const reader = another().log
      const first = await reader.fetch(topicId, 0, { offset: 0, maxBytes: 1_000_000 })
      await appendTo(log, [0], HUNDRED)
      told()
      await reader.fetch(topicId, 0, { offset: first.nextOffset, maxBytes: 1_000_000 })
      expect(told()).toMatchObject({ s3: { gets: 1 }, dynamodb: { queries: 1, readUnits: 1 } })
      await reader.fetch(topicId, 0, { offset: 200, maxBytes: 1_000_000 })
      expect(told()).toEqual({ dynamodb: { queries: 1, readUnits: 1 } })
      await close()
    })
  })
}
