import { EMULATOR_CREDENTIALS, EMULATOR_REGION, openEndpoint } from "./endpoint.ts"

// Starts an emulator, prints the exports that lead to it, and runs until it is interrupted.

const endpoint = await openEndpoint()
if ("skipped" in endpoint) {
  process.stderr.write(`There is no emulator: ${endpoint.skipped}\n`)
  process.exitCode = 1
} else {
  const exports = {
    AWS_ENDPOINT_URL: endpoint.url,
    AWS_ENDPOINT_URL_S3: endpoint.url,
    AWS_ACCESS_KEY_ID: EMULATOR_CREDENTIALS.accessKeyId,
    AWS_SECRET_ACCESS_KEY: EMULATOR_CREDENTIALS.secretAccessKey,
    AWS_REGION: EMULATOR_REGION,
  }
  for (const [name, value] of Object.entries(exports)) process.stdout.write(`export ${name}=${value}\n`)
  process.stderr.write(`${endpoint.product} runs until Ctrl-C.\n`)
  const alive = setInterval(() => {}, 60_000)
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    process.once(signal, () => {
      clearInterval(alive)
      void endpoint.stop()
    })
  }
}
