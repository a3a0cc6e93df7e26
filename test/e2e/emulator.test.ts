import { spawn } from "node:child_process"
import { once } from "node:events"
import { createServer } from "node:http"
import type { AddressInfo } from "node:net"
import { createInterface } from "node:readline"
import { setTimeout as sleep } from "node:timers/promises"
import { expect, test } from "vitest"
import { openEndpoint } from "../../localstack/endpoint.ts"
import { ministackPython } from "../../localstack/venv.ts"

const python = await ministackPython()
if ("skipped" in python && process.env.REQUIRE_EMULATOR === "1") throw new Error(python.skipped)
const reason = "skipped" in python ? ` [skipped: ${python.skipped.replace(/[[\]]/g, "'")}]` : ""

/** A process that starts the emulator, prints where it is, and stays. */
const OWNER = `
import { startMinistack } from ${JSON.stringify(new URL("../../localstack/ministack.ts", import.meta.url).href)}
console.log(JSON.stringify(await startMinistack(process.env)))
setInterval(() => {}, 1_000)
`

test.skipIf(reason !== "")(`the emulator ends with a process that is killed${reason}`, async () => {
  const owner = spawn(process.execPath, ["--input-type=module", "--eval", OWNER], {
    stdio: ["ignore", "pipe", "inherit"],
  })
  const [line] = await once(createInterface({ input: owner.stdout }), "line")
  const { url } = JSON.parse(line)
  const answers = () =>
    fetch(`${url}/_localstack/health`)
      .then(({ ok }) => ok)
      .catch(() => false)
  expect(await answers()).toBe(true)
  owner.kill("SIGKILL")
  while (await answers()) await sleep(50)
})

test("an endpoint that is given is used, whatever it is, and left alone", async () => {
  const server = createServer((_, response) => response.writeHead(404).end()).listen(0, "127.0.0.1")
  await once(server, "listening")
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const endpoint = await openEndpoint({ AWS_ENDPOINT_URL: url })
  expect(endpoint).toMatchObject({ url })
  if (!("skipped" in endpoint)) await endpoint.stop()
  expect((await fetch(url)).status).toBe(404)
  server.closeAllConnections()
  server.close()
})
