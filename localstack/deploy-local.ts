import { join } from "node:path"
import { parseArgs } from "node:util"
import { deployApp } from "./deploy.ts"
import { openEndpoint } from "./endpoint.ts"

// Deploys an app to an emulator and prints where it is:
//
//     npm run deploy:local [-- app.ts] [-c name=value …]
//
// An emulator that this program started runs, with the app, until the program is interrupted.

const FLIGHTS = join(import.meta.dirname, "..", "examples", "flights", "app.ts")

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { context: { type: "string", short: "c", multiple: true, default: [] } },
})
const say = (line: string) => process.stderr.write(`${line}\n`)
const endpoint = await openEndpoint(process.env, { deploys: true })
if ("skipped" in endpoint) {
  say(`There is no emulator: ${endpoint.skipped}`)
  process.exitCode = 1
} else {
  try {
    const { apiUrl, key } = await deployApp({
      endpoint: endpoint.url,
      app: positionals[0] ?? FLIGHTS,
      context: Object.fromEntries(values.context.map(pair => pair.split(/=(.*)/s))),
      onLine: say,
    })
    process.stdout.write(`API ${apiUrl}\nKEY ${key}\n`)
    if (endpoint.product !== "AWS_ENDPOINT_URL") await interrupted(endpoint.product)
  } catch (error) {
    say((error as Error).message)
    process.exitCode = 1
  } finally {
    await endpoint.stop()
  }
}

async function interrupted(product: string): Promise<void> {
  say(`${product} runs until Ctrl-C.`)
  const alive = setInterval(() => {}, 60_000)
  await new Promise<void>(resolve => {
    for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.once(signal, () => resolve())
  })
  clearInterval(alive)
}
