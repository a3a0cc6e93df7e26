import { once } from "node:events"
import type { RequestListener } from "node:http"
import { createServer } from "node:http"
import type { AddressInfo } from "node:net"
import { describe, expect, onTestFinished, test } from "vitest"
import { awsStores } from "../../shared/storage/aws/aws-stores.ts"
import { bytes, makeItem } from "./support.ts"

/** Long enough for a request on this machine, short enough to wait for. */
const SHORT_MS = 300

/** Stores with short time-outs at a server of the test's own. */
async function storesAt(listener: RequestListener) {
  const server = createServer(listener).listen(0, "127.0.0.1")
  await once(server, "listening")
  const stores = awsStores({
    bucket: "bucket",
    tables: { log: "log", meta: "meta" },
    client: {
      endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
      region: "us-east-1",
      credentials: { accessKeyId: "test", secretAccessKey: "test" },
    },
    timeouts: { metaRequestMs: SHORT_MS, objectRequestMs: SHORT_MS },
  })
  onTestFinished(async () => {
    await stores.close()
    server.closeAllConnections()
    server.close()
  })
  return { ...stores, server }
}

describe("connections", () => {
  test("a request that is never answered ends: unknown if it writes, unavailable if it reads", async () => {
    let requests = 0
    const { meta, objects } = await storesAt(() => requests++)
    expect(await meta.put("log", makeItem("p", "s"))).toMatchObject({ outcome: "unknown" })
    expect(await objects.put("k", bytes(5))).toMatchObject({ outcome: "unknown" })
    expect(requests, "sent no second time").toBeLessThanOrEqual(2)
    await expect(objects.get("k")).rejects.toMatchObject({ code: "unavailable", retryable: true })
  })

  test("a body that stops half-way ends too", async () => {
    const { objects } = await storesAt((_, response) => {
      response.writeHead(200, { "content-length": "10" })
      response.write("half")
    })
    await expect(objects.get("k")).rejects.toMatchObject({ code: "unavailable", retryable: true })
  })

  test("a connection that is cut while the answer is under way leaves a write unknown", async () => {
    let requests = 0
    const { meta, objects } = await storesAt((request, response) => {
      requests++
      request.resume().on("end", () => response.socket?.destroy())
    })
    expect(await meta.put("log", makeItem("p", "s"))).toMatchObject({ outcome: "unknown" })
    expect(await objects.put("k", bytes(5))).toMatchObject({ outcome: "unknown" })
    expect(requests, "sent no second time").toBeLessThanOrEqual(2)
  })

  test("nobody there: unknown and unavailable, and nothing is thrown but that", async () => {
    const { meta, objects, server } = await storesAt(() => {})
    server.close()
    await once(server, "close")
    expect(await meta.put("log", makeItem("p", "s"))).toMatchObject({ outcome: "unknown" })
    expect(await objects.deleteMany(["k"])).toMatchObject({ outcome: "unknown" })
    await expect(objects.list("")).rejects.toMatchObject({ code: "unavailable", retryable: true })
  })
})
