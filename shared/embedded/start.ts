import { existsSync } from "node:fs"
import { dirname, join, resolve } from "node:path"
import { pathToFileURL } from "node:url"
import type { AppDefinition } from "../definition/app-definition.ts"
import { DefinitionError } from "../definition/faults.ts"
import { planText } from "../definition/plan.ts"
import type { Replay } from "../definition/replay.ts"
import { DEFAULT_STAGE } from "../definition/resolve.ts"
import { deploy } from "../deployment/deploy.ts"
import { EvaluationError } from "../evaluation/errors.ts"
import { evaluateApp } from "../evaluation/evaluate.ts"
import { importAsWritten } from "../evaluation/module-format.ts"
import { checkExpression } from "../serving/expression/check.ts"
import { isLoopback } from "./http-guard.ts"
import { startHttpServer } from "./http-server.ts"
import { openReplay } from "./keyed-replay.ts"
import { openPlatform, type Platform, type TokenIssuer } from "./platform.ts"
import { showReplay } from "./replay-progress.ts"
import { StartError } from "./start-error.ts"
import { watchFiles } from "./watch.ts"

/** Not in the published package. */
const DEFAULT_APP = join(import.meta.dirname, "../../examples/flights/app.ts")

export interface StartOptions {
  /** Path of the app file. Default: the flights example, where it is at hand. */
  readonly app?: string
  /** 0 picks a free one. */
  readonly port: number
  /** Where to listen. Beyond loopback everybody is asked who he is. */
  readonly host: string
  /** Whose tokens count beside keys; with it everybody is asked, on loopback too. */
  readonly jwt?: TokenIssuer
  /** The folder where everything is kept. */
  readonly data: string
  /** Whether to send the app's replay, where it has one. */
  readonly replay: boolean
  /** Apply the definition again whenever it changes. */
  readonly watch: boolean
}

/**
 * Runs the platform with an app in this process until it is told to stop (SIGINT, SIGTERM). Throws before it serves:
 * `DefinitionError`, `EvaluationError`, `DeploymentError`, `StartError`, `StorageError`, `HttpServerError`.
 */
export async function start(options: StartOptions): Promise<void> {
  const say = (line: string) => void process.stderr.write(`${line}\n`)
  const app = resolve(options.app ?? defaultApp())
  // A mistake in the definition is told before anything is opened.
  const evaluated = await evaluate(app, say)
  const stopping = stopSignal()
  const { host, port, jwt } = options
  const authenticated = jwt !== undefined || !isLoopback(host)
  const authentication = authenticated ? { authentication: { jwt } } : {}
  const platform = await openPlatform({ data: resolve(options.data), report: say, ...authentication })
  try {
    if (authenticated && jwt === undefined) await demandKey(platform, options)
    await deploy(platform, evaluated.definition)
    await platform.jobs.run({ file: app, stage: DEFAULT_STAGE, jobs: evaluated.definition.jobs })
    const server = await startHttpServer({ api: platform.api, host, port, authenticated })
    try {
      say(`Millrace serves the app ${evaluated.definition.app} at ${server.url}`)
      if (authenticated) say("Every request needs a key or token, which travels as it is: put TLS before it.")
      const unwatch = options.watch ? watchApp(app, evaluated.imports, platform, say) : undefined
      const shown = { url: server.url, authenticated }
      if (options.replay) await replay(app, evaluated.definition, platform, shown, stopping)
      if (!stopping.aborted) await once(stopping)
      unwatch?.()
    } finally {
      await server.close()
    }
  } finally {
    await platform.close()
  }
}

function defaultApp(): string {
  if (existsSync(DEFAULT_APP)) return DEFAULT_APP
  const message = "no app was named: expected the path of an app definition, as in `millrace start app.ts`"
  throw new StartError("no_app", message)
}

/** Throws `StartError` (`no_key`). */
async function demandKey({ keys }: Platform, { host, data }: StartOptions): Promise<void> {
  if ((await keys.list()).length > 0) return
  throw new StartError(
    "no_key",
    `Will not listen on ${host}: there is no key yet, so nobody could prove who he is. Make one with millrace keys create first --scope '*' --data ${data}, or name an issuer of tokens with --jwt-issuer.`,
  )
}

async function evaluate(app: string, say: (line: string) => void) {
  const evaluated = await evaluateApp(app, { checkExpression })
  if (evaluated.printed !== "") say(evaluated.printed.trimEnd())
  if ("error" in evaluated) throw evaluated.error
  return evaluated
}

/**
 * A terminal signals all of its processes, and npm and the launcher pass the signal on: what comes this soon is the
 * same one, ms.
 */
const SAME_SIGNAL_MS = 1_000

function stopSignal(): AbortSignal {
  const controller = new AbortController()
  const names = ["SIGINT", "SIGTERM"] as const
  const stop = () => {
    if (controller.signal.aborted) return
    controller.abort()
    // A later signal finds the default behaviour again: the process ends at once.
    const timer = setTimeout(() => {
      for (const name of names) process.off(name, stop)
    }, SAME_SIGNAL_MS)
    timer.unref()
  }
  for (const name of names) process.on(name, stop)
  return controller.signal
}

function once(signal: AbortSignal): Promise<void> {
  return new Promise(resolve => signal.addEventListener("abort", () => resolve(), { once: true }))
}

/** Sends the records that the app brings along in `replay.ts` beside its file. */
async function replay(
  app: string,
  definition: AppDefinition,
  platform: Platform,
  server: { readonly url: string; readonly authenticated: boolean },
  stopping: AbortSignal,
): Promise<void> {
  const file = join(dirname(app), "replay.ts")
  if (!existsSync(file)) return
  let exported: { replay?: Replay }
  try {
    exported = await importAsWritten(pathToFileURL(file).href)
  } catch (cause) {
    throw new StartError("bad_replay", `${file}: ${(cause as Error).message}`, { cause })
  }
  if (exported.replay === undefined) {
    throw new StartError("bad_replay", `${file}: expected an export named replay`)
  }
  const replayer = await openReplay(platform.ports, platform.log, exported.replay)
  const table = tableOf(definition, exported.replay.topic)
  await showReplay(replayer, { ...exported.replay, table, ...server }, stopping)
}

/** The table that consumes a topic, else one of what a job makes of it. */
function tableOf({ tables, jobs }: AppDefinition, topic: string): string | undefined {
  const made = jobs.filter(({ reads }) => reads.includes(topic)).flatMap(({ writes }) => writes)
  const found =
    tables.find(table => table.topic === topic) ?? tables.find(table => made.includes(table.topic))
  return found?.name
}

/**
 * Applies the definition again whenever a file that it is made of changes. A fault is printed, and what runs goes on.
 */
function watchApp(
  app: string,
  imports: readonly string[],
  platform: Platform,
  say: (line: string) => void,
): () => void {
  let watched = imports
  return watchFiles(imports, async () => {
    const evaluated = await evaluateApp(app, { checkExpression })
    if (evaluated.printed !== "") say(evaluated.printed.trimEnd())
    try {
      if ("error" in evaluated) throw evaluated.error
      const { changes } = await deploy(platform, evaluated.definition)
      // Functions may have changed where the definition has not.
      await platform.jobs.run({ file: app, stage: DEFAULT_STAGE, jobs: evaluated.definition.jobs })
      say(changes.length === 0 ? `${app}: nothing to change` : `${app}: applied\n${planText({ changes })}`)
    } catch (error) {
      if (!isExpected(error)) throw error
      say(`${error.message}\nThe definition before it stays in force.`)
    }
    // A file that failed to load may have kept others from being named: mending any of them counts.
    watched = "error" in evaluated ? [...new Set([...watched, ...evaluated.imports])] : evaluated.imports
    return watched
  })
}

function isExpected(error: unknown): error is Error {
  if (error instanceof DefinitionError || error instanceof EvaluationError) return true
  return (
    error instanceof StartError ||
    (error instanceof Error && /^(Deployment|Job|Log|Table|Storage)Error$/.test(error.name))
  )
}
