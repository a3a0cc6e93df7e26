import { checkStream } from "../support/stream-checker/checker.ts"
import { HistoryBook, type StreamHistory } from "../support/stream-checker/history.ts"
import { LogHistory } from "./log-history.ts"
import { LogHosts } from "./log-hosts.ts"
import { Prng } from "./prng.ts"
import { CommittedOffsets } from "./stream-committed.ts"
import { ask, type StreamContext } from "./stream-context.ts"
import { endStreamRun } from "./stream-ending.ts"
import { checkGroups } from "./stream-groups.ts"
import { makeTopic, runKeeper, runTopicAdmin } from "./stream-keepers.ts"
import { runMember } from "./stream-members.ts"
import { runAssignedReader } from "./stream-readers.ts"
import { drawStreamScenario } from "./stream-scenario.ts"
import { Transactor } from "./stream-transactors.ts"
import { IdempotentWriter, runPlainWriter } from "./stream-writers.ts"
import { World } from "./world.ts"
import { WORLD_START } from "./world-core.ts"

/** A run that has taken so many steps begins nothing new. */
const STEPS_BUSY_MAX = 40_000

export interface StreamRun {
  readonly seed: number
  /** What was wrong, the first of it first; none in a good run. */
  readonly violations: readonly string[]
  readonly steps: number
  readonly operations: number
  readonly sent: number
  readonly read: number
  /** What keeping came to, and how transactions ended. */
  readonly counts: ReadonlyMap<string, number>
  readonly virtualHours: number
  readonly faultsMet: ReadonlyMap<string, number>
  readonly traceHash: string
  readonly trace: readonly string[]
}

/** Runs one seed: clients of every kind over one log, whoever keeps it beside them, and everything that can go wrong. */
export async function runStreamSeed(
  seed: number,
  options: { readonly trace?: boolean } = {},
): Promise<StreamRun> {
  const name = `streams ${seed}`
  const prng = new Prng(name)
  const scenario = drawStreamScenario(prng.fork("scenario"))
  const notes = new LogHistory()
  const world = new World(name, {
    faults: scenario.faults,
    trace: options.trace ?? false,
    watch: { item: (_table, item) => committed.item(item) },
  })
  const committed = new CommittedOffsets(
    text => notes.violated(text),
    topicId => context.deleted.has(topicId),
  )
  const hosts = new LogHosts(world, notes, scenario.options)
  let stopping = false
  let values = 0
  const context: StreamContext = {
    world,
    hosts,
    book: new HistoryBook(),
    scenario,
    stopping: () => stopping,
    broken: () => notes.violations.length > 0,
    topicNames: new Map(),
    deleted: new Set(),
    tombstones: new Set(),
    derived: new Map(),
    counts: new Map(),
    groupReads: new Map(),
    value: () => `v${++values}`,
  }
  let done = false
  try {
    for (const spec of scenario.hosts) hosts.start(spec)
    void runClients(context, prng.fork("clients")).then(
      () => (done = true),
      error => notes.violated(`a client: ${(error as Error).stack}`),
    )
    await world.run({ until: () => done || context.broken() || world.steps > STEPS_BUSY_MAX })
    stopping = true
    if (!context.broken()) judge(context, notes, await endStreamRun(context, () => done, prng.fork("end")))
  } catch (error) {
    notes.violated((error as Error).stack ?? String(error))
  }
  return summary(seed, world, context, notes)
}

function judge(context: StreamContext, notes: LogHistory, history: StreamHistory): void {
  for (const { kind, text } of [...checkStream(history), ...checkGroups(context, history)]) {
    notes.violated(`${kind}: ${text}`)
  }
}

async function runClients(context: StreamContext, prng: Prng): Promise<void> {
  const { topics, writers, readers, groups } = context.scenario
  await Promise.all(topics.map(topic => makeTopic(context, topic, prng.fork(`make ${topic.name}`))))
  const running: Promise<void>[] = []
  for (const [index, spec] of writers.entries()) {
    const { kind, operations } = spec
    const own = prng.fork(`writer ${index}`)
    const client = `w${index}`
    if (kind === "plain") running.push(runPlainWriter(context, client, operations, own))
    else if (kind === "idempotent") running.push(new IdempotentWriter(context, client, own).run(operations))
    else running.push(new Transactor(context, client, spec, own).run())
  }
  for (const [index, spec] of readers.entries()) {
    running.push(runAssignedReader(context, `r${index}`, spec, prng.fork(`reader ${index}`)))
  }
  for (const group of groups) {
    for (let index = 0; index < group.members; index++) {
      const client = `${group.name}m${index}`
      running.push(runMember(context, group, client, prng.fork(client)))
    }
  }
  for (const topic of topics) running.push(runTopicAdmin(context, topic, prng.fork(`admin ${topic.name}`)))
  running.push(runKeeper(context, prng.fork("keeper")))
  await Promise.all(running)
  await ask(context, prng, log => log.recover())
}

function summary(seed: number, world: World, { book, counts }: StreamContext, notes: LogHistory): StreamRun {
  const events = book.operations.flatMap(operation => operation.events)
  return {
    seed,
    violations: notes.violations,
    steps: world.steps,
    operations: book.operations.length,
    sent: events.filter(event => event.kind === "send").length,
    read: events.reduce((sum, event) => sum + (event.kind === "poll" ? event.records.length : 0), 0),
    counts,
    virtualHours: (world.now - WORLD_START) / 3_600_000,
    faultsMet: world.faultsMet,
    traceHash: world.traceHash,
    trace: world.trace,
  }
}
