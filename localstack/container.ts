import { dockerAnswers } from "./daemon.ts"
import type { Endpoint, NoEndpoint } from "./endpoint.ts"
import { isHealthy } from "./health.ts"

/** The last LocalStack that starts without a token. */
const DEFAULT_IMAGE = "localstack/localstack:4.14.0"
/** Pulling the image included. */
const START_MS = 240_000
/** After the container says that it is ready. */
const HEALTH_MS = 30_000

/**
 * Starts LocalStack, or what `LOCALSTACK_IMAGE` names, in a container. An image named there that does not start is an
 * error; the default one may be out of reach, and another emulator is tried.
 */
export async function startContainer(env: NodeJS.ProcessEnv): Promise<Endpoint | NoEndpoint> {
  const named = env.LOCALSTACK_IMAGE !== undefined && env.LOCALSTACK_IMAGE !== ""
  const image = named ? env.LOCALSTACK_IMAGE! : DEFAULT_IMAGE
  if (env.DOCKER_HOST === undefined && !(await dockerAnswers())) {
    if (named) throw new Error(`LOCALSTACK_IMAGE is ${image}, but Docker does not answer`)
    return { skipped: "Docker does not answer" }
  }
  try {
    return await start(image, env.LOCALSTACK_AUTH_TOKEN)
  } catch (error) {
    const reason = `${image} does not start: ${(error as Error).message}`
    if (named) throw new Error(`LOCALSTACK_IMAGE: ${reason}`, { cause: error })
    process.stderr.write(`${reason}; another emulator is tried\n`)
    return { skipped: reason }
  }
}

async function start(image: string, token: string | undefined): Promise<Endpoint> {
  // Loaded here alone: it takes a second, and most runs have no use for it.
  const { LocalstackContainer } = await import("@testcontainers/localstack")
  const container = new LocalstackContainer(image).withStartupTimeout(START_MS)
  if (token !== undefined) container.withEnvironment({ LOCALSTACK_AUTH_TOKEN: token })
  const started = await container.start()
  const stop = async () => {
    await started.stop()
  }
  const url = started.getConnectionUri()
  if (await isHealthy(url, HEALTH_MS)) return { url, product: image, stop }
  await stop()
  throw new Error(`${image} is not healthy after ${HEALTH_MS} ms`)
}
