import { describe, expect, onTestFinished, test } from "vitest"
import type { AwsStores, AwsStoresOptions } from "../../shared/storage/aws/aws-stores.ts"
import type { RequestHandler } from "../../shared/storage/aws/dated-handler.ts"
import { localClock } from "../../shared/storage/local/clock.ts"
import { settlePut, settleTransaction } from "../../shared/storage/settle.ts"
import { absent, bytes, FAR_AHEAD, makeItem } from "./support.ts"

/** What becomes of one write: lost on the way back, or sent a second time by a layer that lost the first answer. */
type Mishap = "lost answer" | "sent twice"

/** Writes that a real service applies while their answers go astray. */
export function answersAstray(open: (options: Partial<AwsStoresOptions>) => Promise<AwsStores>): void {
  /** Stores whose next writes meet these mishaps. */
  const fresh = async () => {
    const mishaps: Mishap[] = []
    const stores = await open({ carry: (_service, carrier) => astray(carrier, mishaps) })
    onTestFinished(() => stores.close())
    return { ...stores, clock: localClock(), mishaps }
  }

  describe("aws: answers that go astray", () => {
    test("a put whose answer is lost is unknown, and settling it finds that it stands", async () => {
      const { meta, clock, mishaps } = await fresh()
      const [first, second] = [makeItem("p", "1"), makeItem("p", "2")]
      mishaps.push("lost answer")
      expect(await meta.put("log", first, absent)).toMatchObject({ outcome: "unknown" })
      expect((await meta.get("log", first)).item).toEqual(first)
      mishaps.push("lost answer", "lost answer")
      expect(await settlePut({ meta, clock }, "log", second, absent)).toMatchObject({ outcome: "committed" })
    })

    test("a put that was sent twice looks lost, with itself standing there", async () => {
      const { meta, clock, mishaps } = await fresh()
      const [first, second] = [makeItem("p", "1"), makeItem("p", "2")]
      mishaps.push("sent twice")
      expect(await meta.put("log", first, absent)).toMatchObject({ reason: "exists", standing: first })
      mishaps.push("sent twice")
      expect(await settlePut({ meta, clock }, "log", second, absent)).toMatchObject({ outcome: "committed" })
    })

    test("a transaction whose answer is lost is told by its token", async () => {
      const { meta, clock, mishaps } = await fresh()
      const item = makeItem("p", "s")
      const step = { kind: "put", table: "log", item, condition: { absent: true } } as const
      const mark = { table: "log", item } as const
      const options = { notAfter: FAR_AHEAD, token: "once" }
      mishaps.push("lost answer")
      expect(await settleTransaction({ meta, clock }, [step], mark, options)).toMatchObject({
        outcome: "committed",
      })
      expect((await meta.get("log", item)).item).toEqual(item)
    })

    test("a delete of many whose answer is lost is unknown, and may be repeated", async () => {
      const { meta, mishaps } = await fresh()
      const items = [makeItem("p", "1"), makeItem("p", "2")]
      for (const item of items) await meta.put("log", item)
      mishaps.push("lost answer", "sent twice")
      expect(await meta.deleteMany("log", items)).toMatchObject({ outcome: "unknown" })
      expect((await meta.queryPage("log", { pk: "p" })).items).toEqual([])
      expect(await meta.deleteMany("log", items)).toMatchObject({ outcome: "committed" })
    })

    test("an object whose put's answer is lost stands", async () => {
      const { objects, mishaps } = await fresh()
      const ifAbsent = { ifAbsent: true, notAfter: FAR_AHEAD }
      mishaps.push("lost answer")
      expect(await objects.put("k", bytes(9), ifAbsent)).toMatchObject({ outcome: "unknown" })
      expect(await objects.put("k", bytes(9, 1), ifAbsent)).toMatchObject({ reason: "exists" })
      expect((await objects.get("k"))?.body).toEqual(bytes(9))
    })
  })
}

function astray(carrier: RequestHandler, mishaps: Mishap[]): RequestHandler {
  return {
    async handle(request, options) {
      const target = request.headers["x-amz-target"] ?? ""
      const writes = request.method === "PUT" || /PutItem$|(?:Transact|Batch)WriteItems?$/.test(target)
      const mishap = writes ? mishaps.shift() : undefined
      const reply = await carrier.handle(request, options)
      if (mishap === undefined) return reply
      for await (const _ of reply.response.body as AsyncIterable<Uint8Array>) {
        // Read to its end, so that the connection is free again.
      }
      if (mishap === "sent twice") return await carrier.handle(request, options)
      throw Object.assign(new Error("the answer went astray"), { code: "ECONNRESET" })
    },
    destroy: () => carrier.destroy(),
  }
}
