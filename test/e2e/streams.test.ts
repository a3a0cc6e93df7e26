import { expect, test } from "vitest"
import { runStreamClients } from "../support/stream-checker/http-run.ts"
import { pause, startServer, until } from "./support.ts"

const KILLS = 6
/** What clients get done between two kills, at least. */
const DONE_MIN = 80

test("killed again and again, the server shows its clients nothing that a log must never show", async () => {
  let server = await startServer({})
  let [kills, done] = [0, 0]
  const goesOn = () => kills < KILLS
  const options = { name: "stream", goesOn, counted: () => void done++, pauseMs: 5, large: 2 }
  const running = runStreamClients({ url: () => server.url }, options)
  // A client that fails ends the test where it waits.
  const failed = running.then(() => Promise.reject(new Error("the clients ended")))
  failed.catch(() => {})
  while (goesOn()) {
    done = 0
    await Promise.race([until(() => done >= DONE_MIN), failed])
    await pause((kills * 7) % 20)
    await server.kill()
    server = await startServer(server.options)
    kills++
  }
  const { anomalies, counts } = await running
  process.stdout.write(`${JSON.stringify(Object.fromEntries(counts))}\n`)
  expect(anomalies).toEqual([])
  expect(counts.get("large")).toBe(2)
  for (const what of ["send ok", "transaction ok", "transaction fail", "transformed", "polled"])
    expect(counts.get(what), what).toBeGreaterThan(2)
})
