import { afterAll, describe, expect, test } from "vitest"
import { openEndpoint } from "../../localstack/endpoint.ts"
import { openLog } from "../../shared/log/open-log.ts"
import { diffLedgers, ledgerToJson, RequestLedger } from "../../shared/storage/aws/ledger.ts"
import { localClock } from "../../shared/storage/local/clock.ts"
import { localRandom } from "../../shared/storage/local/random.ts"
import { append, failure } from "../log/support.ts"
import { Producer, values } from "../log/transactions/support.ts"
import { memoryPorts } from "../support/memory-ports.ts"
import { emulatedStores } from "./support-aws.ts"

// Transactions where conditions, tokens and cancellations are DynamoDB's, and what they cost there.

const endpoint = await openEndpoint()
const any = expect.any(Number)

if ("skipped" in endpoint) {
  describe(`aws transactions [skipped: ${endpoint.skipped.replace(/[[\]]/g, "'")}]`, () => {
    test.skip("transactions", () => {})
  })
} else {
  afterAll(() => endpoint.stop())
  const open = emulatedStores(endpoint.url)

  async function opened() {
    const ledger = new RequestLedger()
    const stores = await open({ ledger })
    const { wake } = memoryPorts()
    const ports = { ...stores, clock: localClock(), random: localRandom(), wake }
    const log = openLog(ports)
    const { id: topicId } = await log.createTopic({ name: "events", partitions: 2, owner: "http" })
    for (const partition of [0, 1]) await append(log, ["x"], { partition })
    let before = ledger.snapshot()
    const told = () => {
      const after = ledger.snapshot()
      const since = ledgerToJson(diffLedgers(after, before))
      before = after
      return since
    }
    return { log, topicId, told, another: () => openLog(ports), close: () => stores.close() }
  }

  describe("transactions on AWS", () => {
    test("at once: one transaction of DynamoDB, with offsets, whatever others append meanwhile", async () => {
      const { log, topicId, told, another, close } = await opened()
      const producer = await new Producer(log).init()
      told()
      await producer.commit([producer.batch(["a"]), producer.batch(["b"], 1)])
      expect(told()).toEqual({ dynamodb: { transactions: 1, writeUnits: 6, bytesWritten: any } })
      const other = another()
      await append(other, ["y"], { partition: 1 })
      const result = await producer.commit(
        [producer.batch(["c"]), producer.batch(["d".repeat(20_000)], 1)],
        [{ topic: "events", partition: 0, offset: 1 }],
      )
      expect(result).toMatchObject({ outcome: "committed", offsets: [2, 3] })
      expect(await values(another(), topicId, 0)).toBe("xac")
      expect((await values(another(), topicId, 1)).slice(0, 4)).toBe("xbyd")
      expect(await other.groups.committed("g")).toMatchObject([{ partition: 0, offset: 1 }])
      const { producerId, epoch } = producer
      const fenced = await new Producer(other).init()
      expect(fenced).toMatchObject({ producerId, epoch: epoch + 1 })
      expect((await failure(producer.commit([producer.batch(["e"])]))).code).toBe("fenced")
      await close()
    })

    test("appended first: registrations, appends, decision, markers, completion", async () => {
      const { log, topicId, told, another, close } = await opened()
      const producer = await new Producer(log).init()
      await producer.append(["warm"])
      await producer.abort()
      told()
      await producer.append(["a"])
      await producer.append(["b"], 1)
      expect(told()).toEqual({ dynamodb: { puts: 4, writeUnits: 4, bytesWritten: any } })
      expect(await values(another(), topicId, 0)).toBe("x")
      told()
      await producer.commit()
      expect(told()).toEqual({ dynamodb: { puts: 4, writeUnits: 4, bytesWritten: any } })
      expect(await values(another(), topicId, 0)).toBe("xa")
      await producer.append(["c"])
      const heir = await new Producer(another()).init()
      await heir.append(["d"])
      await heir.commit()
      expect(await values(another(), topicId, 0)).toBe("xad")
      expect(await another().transactions.settleOverdue()).toEqual({ looked: 1, settled: 0, forgotten: 0 })
      await close()
    })
  })
}
