import { Command } from "commander"
import { exitCodes, Failure } from "../failure.ts"
import { integer, repeated } from "../options.ts"

interface Options {
  readonly port: number
  readonly host: string
  readonly jwtIssuer?: string
  readonly jwtAudience?: readonly string[]
  readonly jwtScopesClaim?: string
  readonly data: string
  readonly replay: boolean
  readonly watch: boolean
}

/** Failures that a person can mend: they are told in one line, without a stack. */
const expected = /^(?:HttpServer|Storage|Definition|Evaluation|Deployment|Start|Job|Log|Table)Error$/

/** Whose tokens count, by the options; undefined: nobody's. */
async function tokenIssuer({ jwtIssuer, jwtAudience = [], jwtScopesClaim }: Options) {
  if (jwtIssuer === undefined) {
    if (jwtAudience.length === 0 && jwtScopesClaim === undefined) return undefined
    throw new Failure(exitCodes.usage, "--jwt-issuer: is missing beside the other options of tokens")
  }
  const { issuerFault } = await import("../../shared/api/auth/issuer-keys.ts")
  const fault = issuerFault(jwtIssuer)
  if (fault !== undefined) throw new Failure(exitCodes.usage, `--jwt-issuer: ${fault}`)
  if (jwtAudience.length === 0) {
    const message = "--jwt-audience: is missing, expected what the tokens for this server have as aud"
    throw new Failure(exitCodes.usage, message)
  }
  return { issuer: jwtIssuer, audience: jwtAudience, scopesClaim: jwtScopesClaim }
}

async function run(app: string | undefined, options: Options): Promise<void> {
  const jwt = await tokenIssuer(options)
  // The server's modules take a while to load; no other command needs them.
  const { start } = await import("../../shared/embedded/start.ts")
  try {
    await start({ ...options, jwt, ...(app === undefined ? {} : { app }) })
  } catch (error) {
    if (error instanceof Error && expected.test(error.name)) {
      throw new Failure(exitCodes.failed, error.message, { cause: error })
    }
    throw error
  }
}

export const startCommand = () =>
  new Command("start")
    .description("Run the platform in this process, on local files.")
    .argument("[app]", "the app definition, a .ts file; default in the repository: the flights example")
    .option("--port <port>", "the port to listen on; 0 picks a free one", integer(0, 65_535), 7070)
    .option("--host <address>", "where to listen; beyond loopback every request needs a key", "127.0.0.1")
    .option("--jwt-issuer <url>", "whose tokens count beside keys; with it every request needs one")
    .option(
      "--jwt-audience <audience>",
      "one of these must be in a token's aud, or be its client_id where it has none; may be repeated",
      repeated,
    )
    .option("--jwt-scopes-claim <claim>", "where a token's scopes stand (default: scope)")
    .option("--data <folder>", "where everything is kept", "./.millrace")
    .option("--no-replay", "do not replay the example's data")
    .option("--watch", "apply the definition again whenever it changes", false)
    .action(run)
