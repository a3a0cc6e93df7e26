import { startContainer } from "./container.ts"
import { isHealthy } from "./health.ts"
import { startMinistack } from "./ministack.ts"

/** An emulator (or an account) that answers AWS's APIs at one address. */
export interface Endpoint {
  readonly url: string
  /** What answers there, for people. */
  readonly product: string
  /** Ends what was started for this endpoint; nothing where it stood already. */
  stop(): Promise<void>
}

export interface NoEndpoint {
  /** Why there is none, in a few words. */
  readonly skipped: string
}

/** An endpoint that somebody else started is up already, or about to be. */
const GIVEN_ENDPOINT_WAIT_MS = 10_000

/** Any credentials do for an emulator, but every request must carry some. */
export const EMULATOR_CREDENTIALS = { accessKeyId: "test", secretAccessKey: "test" } as const
export const EMULATOR_REGION = "us-east-1"

export interface EndpointNeeds {
  /** Whole stacks are deployed: LocalStack's image that wants no token has no HTTP APIs. Default: false. */
  readonly deploys?: boolean
}

/**
 * Gives an endpoint: `AWS_ENDPOINT_URL`, if set; else LocalStack in a container, where Docker answers; else the emulator
 * from PyPI in a virtual environment; else the reason why there is none.
 *
 * @throws Error what was asked for by name does not start: `AWS_ENDPOINT_URL`, `LOCALSTACK_IMAGE`; or there is none at
 *   all and `REQUIRE_EMULATOR=1` asks for one
 */
export async function openEndpoint(
  env: NodeJS.ProcessEnv = process.env,
  { deploys = false }: EndpointNeeds = {},
): Promise<Endpoint | NoEndpoint> {
  const given = env.AWS_ENDPOINT_URL
  if (given !== undefined && given !== "") return await givenEndpoint(given)
  const reasons: string[] = []
  const chosen = (env.LOCALSTACK_IMAGE ?? env.LOCALSTACK_AUTH_TOKEN ?? "") !== ""
  for (const start of deploys && !chosen ? [startMinistack] : [startContainer, startMinistack]) {
    const found = await start(env)
    if (!("skipped" in found)) return found
    reasons.push(found.skipped)
  }
  const skipped = reasons.join("; ")
  if (env.REQUIRE_EMULATOR === "1")
    throw new Error(`REQUIRE_EMULATOR=1, but there is no emulator: ${skipped}`)
  return { skipped }
}

async function givenEndpoint(url: string): Promise<Endpoint> {
  if (!(await isHealthy(url, GIVEN_ENDPOINT_WAIT_MS))) {
    throw new Error(`AWS_ENDPOINT_URL: nothing answers at ${url}`)
  }
  return { url, product: "AWS_ENDPOINT_URL", stop: async () => {} }
}
