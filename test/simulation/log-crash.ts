import { noFaults } from "./fault-plan.ts"
import { createTopic, deleteTopic } from "./log-admin.ts"
import { LogAnswers } from "./log-answers.ts"
import { checkHistory } from "./log-checker.ts"
import { type ClientContext, sendAll } from "./log-clients.ts"
import { endRun } from "./log-ending.ts"
import { LogHistory, type Op, opValues, type ProducerIdentity } from "./log-history.ts"
import { LogHosts } from "./log-hosts.ts"
import { fetchChecked } from "./log-readers.ts"
import type { LogScenario, TopicPlan } from "./log-scenario.ts"
import { LogTruth } from "./log-truth.ts"
import { Prng } from "./prng.ts"
import type { CrashPoint } from "./sim-process.ts"
import { World } from "./world.ts"

/** A value that makes its flush's payload an object. */
const LARGE_BYTES = 600
const SMALL_BYTES = 12
const RETRY_MS = 1_000

const TOPIC: TopicPlan = { name: "a", partitions: 2, recreations: 0 }

/** Every kind of call within few operations: slots with and without objects, snapshots in items and objects. */
const SCENARIO: LogScenario = {
  emphasis: "none",
  faults: noFaults,
  options: { inlineItemBytesMax: 500, snapshotSlots: 3, snapshotInlineBytesMax: 60 },
  hosts: [{ name: "writer", skewMs: 0 }],
  topics: [TOPIC],
  clients: [],
  readers: [],
  restChance: 0,
  lieChance: 0,
  valueBytesMax: LARGE_BYTES,
  keeping: 0,
  damage: false,
}

export interface CrashRun {
  /** Awaited port calls of the process before it died or the work was done. */
  readonly calls: number
  readonly died: boolean
  readonly violations: readonly string[]
}

/** Runs the small workload in one process that dies at `crashAt`; what is started in its place goes on with it. */
export async function runLogCrash(crashAt?: CrashPoint): Promise<CrashRun> {
  const history = new LogHistory()
  const truth = new LogTruth(history)
  const world = new World("log crash", {
    watch: {
      item: (table, item, date) => truth.item(table, item, date),
      object: (key, body, date) => truth.object(key, body, date),
    },
  })
  const hosts = new LogHosts(world, history, SCENARIO.options)
  const answers = new LogAnswers(history, truth, () => world.now)
  let done = false
  const context: ClientContext = { world, hosts, answers, scenario: SCENARIO, stopping: () => done }
  const { process } = hosts.start(SCENARIO.hosts[0]!, crashAt === undefined ? {} : { crashAt })
  let calls = 0
  try {
    void work(context, new Prng("crash")).then(
      () => {
        done = true
        calls = process.calls
      },
      error => history.violated(`the client: ${(error as Error).stack}`),
    )
    await world.run({ until: () => done || history.violations.length > 0 })
    if (history.violations.length === 0) await endRun(context, () => done, new Prng("end"))
    if (history.violations.length === 0) checkHistory(history, truth)
  } catch (error) {
    history.violated((error as Error).message)
  }
  return { calls, died: process.crashed, violations: history.violations }
}

async function work(context: ClientContext, prng: Prng): Promise<void> {
  const { hosts, answers } = context
  await createTopic(context, TOPIC, prng)
  for (let sequence = 0; sequence < 5; sequence++) {
    await untilAcked(context, prng, 0, sequence % 2 === 0 ? SMALL_BYTES : LARGE_BYTES, {
      name: "p",
      epoch: 0,
      sequence,
    })
  }
  const given = await producer(context, prng)
  await Promise.all([
    untilAcked(context, prng, 0, LARGE_BYTES, { name: given, epoch: 0, sequence: 0 }, "batch"),
    untilAcked(context, prng, 1, LARGE_BYTES, { name: "p", epoch: 0, sequence: 0 }),
  ])
  // What has no sequence is sent once: at most that often may it stand.
  const sent = [0, 1].map(partition => ({ op: newOp(context, partition), form: "records" as const }))
  const host = await hosts.pick(prng)
  await Promise.all(
    sendAll(
      context,
      host,
      sent.map(one => ({ ...one, values: opValues(one.op.id, 1, SMALL_BYTES) })),
    ),
  )
  const [topic] = answers.truth.topics.values()
  await fetchChecked(context, await hosts.pick(prng), answers.truth.of(topic!.id, 0), {
    offset: 0,
    maxBytes: 900,
  })
  await deleteTopic(context, TOPIC, prng)
  await createTopic(context, TOPIC, prng)
  await untilAcked(context, prng, 0, SMALL_BYTES, { name: "p", epoch: 1, sequence: 0 })
}

async function producer(context: ClientContext, prng: Prng): Promise<string> {
  for (;;) {
    const host = await context.hosts.pick(prng)
    const called = await context.hosts.call(host, log => log.createProducer())
    if (called.state === "done") return called.value.id
    await context.hosts.pause(RETRY_MS)
  }
}

function newOp({ answers, world }: ClientContext, partition: number, identity?: ProducerIdentity): Op {
  const common = { topic: TOPIC.name, partition, count: 1, dishonest: false, firstAt: world.now }
  return answers.history.op(identity === undefined ? common : { ...common, producer: identity })
}

async function untilAcked(
  context: ClientContext,
  prng: Prng,
  partition: number,
  bytes: number,
  identity: ProducerIdentity,
  form: "records" | "batch" = "records",
): Promise<void> {
  const op = newOp(context, partition, identity)
  const values = opValues(op.id, 1, bytes)
  for (;;) {
    const host = await context.hosts.pick(prng)
    const { outcome, code } = await sendAll(context, host, [{ op, form, values }])[0]!
    if (outcome === "acked") return
    if (outcome === "refused") context.answers.history.violated(`op ${op.id} was refused: ${code}`)
    await context.hosts.pause(RETRY_MS)
  }
}
