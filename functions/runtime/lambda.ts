import { Logger } from "@aws-lambda-powertools/logger"
import { injectLambdaContext } from "@aws-lambda-powertools/logger/middleware"
import middy, { type MiddlewareObj, type MiddyfiedHandler } from "@middy/core"
import type { Context } from "aws-lambda"
import { diffLedgers, type Ledger, ledgerToJson } from "../../shared/storage/aws/ledger.ts"
import type { FunctionEnvironment, FunctionName } from "../environment.ts"
import { awsBase, type Base } from "./base.ts"
import { FunctionMetrics } from "./metrics.ts"
import { asError, type Report } from "./report.ts"
import { readSettings, type Settings } from "./settings.ts"
import { traced } from "./traced.ts"

/** One invocation, as handlers see it. */
export interface Invocation {
  /** Until Lambda ends it, ms. */
  leftMs(): number
}

/** What a function does, once what it stands on is open. */
export interface Served<Event, Result> {
  handle(event: Event, invocation: Invocation): Promise<Result>
  /** Resolves once nothing is running any more that an invocation began. */
  idle?(): Promise<void>
  /** Ends what it started: before the environment is shut down. */
  close?(): Promise<void>
}

interface Open<Event, Result> {
  readonly base: Base
  readonly metrics: FunctionMetrics
  readonly served: Served<Event, Result>
}

/**
 * Lambda's handler of a function. What it stands on is opened once an environment, while Lambda starts it. Nothing of an
 * event is logged; what is thrown is, and goes on to Lambda.
 * @param wanted the variables that it needs beside what all need
 */
export function lambda<Event, Result, Wanted extends keyof FunctionEnvironment = never>(
  name: FunctionName,
  wanted: readonly Wanted[],
  create: (base: Base<Settings<Wanted>>) => Served<Event, Result>,
): MiddyfiedHandler<Event, Result> {
  let opened: Open<Event, Result> | undefined
  const logger = new Logger({ serviceName: name })
  const open = () => {
    if (opened !== undefined) return opened
    const settings = readSettings(process.env, wanted)
    const { MILLRACE_APP: app, MILLRACE_STAGE: stage } = settings
    const metrics = new FunctionMetrics(name, { app, stage })
    const base = awsBase(settings, reportOf(logger), metrics)
    opened = { base, metrics, served: create(base) }
    closeAtEnd(opened.served)
    return opened
  }
  if (process.env.AWS_LAMBDA_FUNCTION_NAME !== undefined) open()
  const handle = traced(name, (event: Event, context: Context) =>
    open().served.handle(event, { leftMs: () => context.getRemainingTimeInMillis() }),
  )
  // Lambda's own end of an invocation is the only one: an answer from here could not take back what is under way.
  return middy<Event, Result>(handle, { timeoutEarlyInMillis: 0 })
    .use(injectLambdaContext(logger, { logEvent: false, resetKeys: true }))
    .use(settled(() => opened, logger)) as MiddyfiedHandler<Event, Result>
}

/**
 * What is left of an invocation for its answer while something still runs that will not end: an upload to a store that
 * hangs. It goes on in the next one as it may, and whatever it writes is bound by its `notAfter`.
 */
const ANSWER_MS = 500

/** Leaves nothing running behind an invocation, and tells what it did and what it failed of. */
function settled(opened: () => Open<never, unknown> | undefined, logger: Logger): MiddlewareObj {
  let before: Ledger | undefined
  const settle = async (context: Context) => {
    const ended = opened()
    if (ended === undefined) return
    const { served, base, metrics } = ended
    const answered = new AbortController()
    const leftMs = Math.max(0, context.getRemainingTimeInMillis() - ANSWER_MS)
    await Promise.race([served.idle?.(), base.ports.clock.sleep(leftMs, answered.signal)])
    answered.abort()
    await metrics.publish()
    if (base.ledger === undefined) return
    const after = base.ledger.snapshot()
    logger.info("ledger", { ledger: ledgerToJson(before ? diffLedgers(after, before) : after) })
    before = after
  }
  return {
    after: ({ context }) => settle(context),
    onError: async ({ error, context }) => {
      logger.error("the invocation failed", asError(error))
      await settle(context)
    },
  }
}

function reportOf(logger: Logger): Report {
  return {
    info: (message, facts = {}) => logger.info(message, facts),
    warn: (message, facts = {}) => logger.warn(message, facts),
    error: (message, cause) => logger.error(message, cause),
  }
}

/** Where an extension is there, Lambda says when it shuts an environment down; then half a second is left. */
function closeAtEnd(served: Served<never, unknown>): void {
  process.once("SIGTERM", async () => {
    await served.close?.().catch(() => undefined)
    process.exit(0)
  })
}
