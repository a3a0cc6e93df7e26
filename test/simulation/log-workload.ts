import { drawEnvironmentPlan } from "./environments.ts"
import { runJournalClient } from "./journal-clients.ts"
import type { JournalFeed } from "./journal-feed.ts"
import { createTopic, recover, runAdmin } from "./log-admin.ts"
import { LogAnswers } from "./log-answers.ts"
import { checkHistory } from "./log-checker.ts"
import { type ClientContext, ProducerClient, runPlainClient } from "./log-clients.ts"
import { endRun } from "./log-ending.ts"
import { LogFunctions } from "./log-functions.ts"
import { LogHistory } from "./log-history.ts"
import { LogHosts } from "./log-hosts.ts"
import { runKeepers } from "./log-keepers.ts"
import { runReader } from "./log-readers.ts"
import { drawScenario, type Emphasis, type LogScenario, withFreezes } from "./log-scenario.ts"
import { LogTruth } from "./log-truth.ts"
import { Prng } from "./prng.ts"
import { World } from "./world.ts"
import { WORLD_START } from "./world-core.ts"

/** A run that has taken so many steps begins nothing new. */
const STEPS_BUSY_MAX = 30_000

export interface LogRunOptions {
  readonly trace?: boolean
  /** Instead of the seed's own choice. */
  readonly emphasis?: Emphasis | undefined
  /** Where the log lives: in servers (the default), in a function's environments, or in these behind a journal. */
  readonly home?: "servers" | "functions" | "journal"
}

export interface LogRun {
  readonly seed: number
  /** What was wrong, the first of it first; none in a good run. */
  readonly violations: readonly string[]
  readonly steps: number
  readonly operations: number
  readonly acknowledged: number
  readonly slots: number
  readonly snapshots: number
  readonly rolled: number
  readonly records: number
  readonly virtualHours: number
  readonly faultsMet: ReadonlyMap<string, number>
  /** The calls at which processes were frozen. */
  readonly freezePoints: ReadonlyMap<string, number>
  /** What deliveries of a journal said that they did, in entries. */
  readonly delivered: Readonly<Record<string, number>>
  readonly history: LogHistory
  readonly traceHash: string
  readonly trace: readonly string[]
}

/** Runs one seed: processes, clients and readers over one log, everything going wrong that the seed drew. */
export async function runLogSeed(seed: number, options: LogRunOptions = {}): Promise<LogRun> {
  const { home = "servers" } = options
  const functions = home !== "servers"
  const name = `${functions ? home : "log"} ${seed}`
  const prng = new Prng(name)
  const scenario = drawScenario(prng.fork("scenario"), options.emphasis)
  const history = new LogHistory()
  const truth = new LogTruth(history)
  const world = new World(name, {
    faults: functions ? withFreezes(scenario.faults, prng.fork("freezes")) : scenario.faults,
    trace: options.trace ?? false,
    watch: {
      item: (table, item, date) => truth.item(table, item, date),
      object: (key, body, date) => truth.object(key, body, date),
    },
  })
  const hosts = functions
    ? new LogFunctions(world, history, scenario.options, drawEnvironmentPlan(prng.fork("environments")))
    : new LogHosts(world, history, scenario.options)
  const answers = new LogAnswers(history, truth, () => world.now)
  let stopping = false
  const journal = home === "journal" ? await openFeed(world, history, scenario, prng) : undefined
  const context: ClientContext = {
    world,
    hosts,
    answers,
    scenario,
    stopping: () => stopping,
    ...(journal && { journal }),
  }
  let done = false
  try {
    journal?.start()
    if (!functions) for (const spec of scenario.hosts) hosts.start(spec)
    void runClients(context, prng.fork("clients")).then(
      () => (done = true),
      error => history.violated(`a client: ${(error as Error).stack}`),
    )
    const broken = () => history.violations.length > 0
    await world.run({ until: () => done || broken() || world.steps > STEPS_BUSY_MAX })
    stopping = true
    if (!broken()) await endRun(context, () => done, prng.fork("end"))
    if (!broken()) checkHistory(history, truth)
  } catch (error) {
    history.violated((error as Error).message)
  }
  return { ...result(seed, world, history, truth), delivered: journal?.total ?? {} }
}

async function openFeed(
  world: World,
  history: LogHistory,
  scenario: LogScenario,
  prng: Prng,
): Promise<JournalFeed> {
  // Functions take their time to load: only for runs that have some.
  const { drawFeedPlan, JournalFeed } = await import("./journal-feed.ts")
  const plan = drawFeedPlan(prng.fork("feed"))
  return new JournalFeed(world, history, scenario.options, plan, drawEnvironmentPlan(prng.fork("delivery")))
}

async function runClients(context: ClientContext, prng: Prng): Promise<void> {
  const { scenario } = context
  const { topics } = scenario
  await Promise.all(topics.map(topic => createTopic(context, topic, prng.fork(`create ${topic.name}`))))
  const find = (name: string) => topics.find(topic => topic.name === name)!
  const running: Promise<void>[] = []
  for (const [index, spec] of scenario.clients.entries()) {
    const own = prng.fork(`client ${index}`)
    const topic = find(spec.topic)
    // The first always writes to the journal, and every other one.
    if (context.journal !== undefined && index % 2 === 0) {
      running.push(runJournalClient(context, spec, topic, own))
    } else if (spec.kind === "plain") running.push(runPlainClient(context, spec, topic, own))
    else {
      running.push(
        producerName(context, spec.kind, index, own).then(name =>
          new ProducerClient(context, spec, topic, name, own).run(),
        ),
      )
    }
  }
  for (const [index, spec] of scenario.readers.entries()) {
    running.push(runReader(context, spec, prng.fork(`reader ${index}`)))
  }
  for (const topic of topics) running.push(runAdmin(context, topic, prng.fork(`admin ${topic.name}`)))
  running.push(runKeepers(context, prng.fork("keepers")))
  await Promise.all(running)
  await recover(context, prng)
}

/** A name of the client's own, or the digits of an id that a process gives out. */
async function producerName(
  context: ClientContext,
  kind: "named" | "given",
  index: number,
  prng: Prng,
): Promise<string> {
  const { hosts } = context
  while (kind === "given") {
    const host = await hosts.pick(prng)
    const called = await hosts.call(host, log => log.createProducer())
    if (called.state === "done") return called.value.id
    await hosts.pause(prng.magnitude(10, 10_000))
  }
  return `client ${index}`
}

function result(seed: number, world: World, history: LogHistory, truth: LogTruth): Omit<LogRun, "delivered"> {
  const acked = history.ops.filter(op => op.attempts.some(({ outcome }) => outcome === "acked"))
  const parts = [...truth.partitions.values()]
  return {
    seed,
    violations: history.violations,
    steps: world.steps,
    operations: history.ops.length,
    acknowledged: acked.length,
    slots: truth.slots,
    rolled: truth.rolled,
    snapshots: parts.reduce((sum, part) => sum + part.snapshots, 0),
    records: parts.reduce((sum, part) => sum + part.end, 0),
    virtualHours: (world.now - WORLD_START) / 3_600_000,
    faultsMet: world.faultsMet,
    freezePoints: world.freezePoints,
    history,
    traceHash: world.traceHash,
    trace: world.trace,
  }
}
