import { type BatchCodec, createBatchBuilder } from "../../shared/log/records/index.ts"
import type { AppendPart, AppendResult, RecordSource } from "../../shared/log/types.ts"
import type { JournalFeed } from "./journal-feed.ts"
import type { LogAnswers } from "./log-answers.ts"
import { type Attempt, type Op, opValues, type ProducerIdentity } from "./log-history.ts"
import type { Host, LogHosts } from "./log-hosts.ts"
import type { ClientSpec, LogScenario, TopicPlan } from "./log-scenario.ts"
import type { Prng } from "./prng.ts"
import type { Called } from "./sim-task.ts"
import type { World } from "./world.ts"

const SECOND_MS = 1_000
const HOUR_MS = 3_600 * SECOND_MS
/** A request that has waited so long for its process to take it in is given up by what carries it. */
const ARRIVAL_MS_MAX = HOUR_MS
/** A client that has no answer by then asks again, elsewhere perhaps. */
const PATIENCE_MS_MIN = SECOND_MS
const PATIENCE_MS_MAX = 60 * SECOND_MS
/** Producers are remembered for a day: a client that has tried for half of one takes another epoch. */
const RETRY_MS_MAX = 12 * HOUR_MS
/** The longest pause before a first retry; it doubles up to an hour. */
const RETRY_PAUSE_MS = 5 * SECOND_MS
const REST_MS_MIN = HOUR_MS
const REST_MS_MAX = 30 * HOUR_MS
const RECORDS_MAX = 4

const encoder = new TextEncoder()

/** What all clients of a run share. */
export interface ClientContext {
  readonly world: World
  readonly hosts: LogHosts
  readonly answers: LogAnswers
  readonly scenario: LogScenario
  /** The journal before the log, where the run has one. */
  readonly journal?: JournalFeed
  /** True once clients are to end what they have begun and begin nothing. */
  stopping(): boolean
}

export function recordSource(values: readonly string[]): RecordSource {
  const encoded = values.map(value => encoder.encode(value))
  return {
    count: values.length,
    bytesMax: encoded.reduce((sum, bytes) => sum + bytes.length + 40, 0),
    write(builder, from, to, timestamp) {
      for (const bytes of encoded.slice(from, to)) builder.add(bytes, -1, -1, 0, bytes.length, timestamp)
    },
  }
}

export function encodedBatch(
  values: readonly string[],
  timestamp: number,
  producer?: ProducerIdentity,
  codec?: BatchCodec,
): Uint8Array {
  const builder = createBatchBuilder()
  for (const value of values) {
    const bytes = encoder.encode(value)
    builder.add(bytes, -1, -1, 0, bytes.length, timestamp)
  }
  const stamp = producer && {
    producerId: Number(producer.name),
    producerEpoch: producer.epoch,
    baseSequence: producer.sequence,
  }
  return builder.finish({ ...stamp, ...(codec && { codec }) }).bytes
}

/** Sends an operation once, and notes what comes of it. Resolves with its end, whenever that is. */
export function send(
  context: ClientContext,
  host: Host,
  op: Op,
  form: "records" | "batch",
  values: string[],
) {
  return sendAll(context, host, [{ op, form, values }])[0]!
}

interface Sent {
  readonly op: Op
  readonly form: "records" | "batch"
  readonly values: string[]
}

/** One request with a part for each operation. */
export function sendAll(context: ClientContext, host: Host, sent: readonly Sent[]): Promise<Attempt>[] {
  const { hosts, answers, world } = context
  const attempts = sent.map(({ op }) => answers.history.begin(op, host.process.label))
  const { topic, producer } = sent[0]!.op
  const asked = world.now
  const answer = hosts.call(host, async log => {
    // Known before the request begins, so that the log can date it.
    await log.topic(topic)
    if (world.now - asked > ARRIVAL_MS_MAX) return undefined
    const parts = sent.map(({ op, form, values }): AppendPart => {
      const partition = op.partition
      if (form === "records" || partition === "any") return { partition, records: recordSource(values) }
      return { partition, batch: encodedBatch(values, world.now, op.producer) }
    })
    const stamped = producer !== undefined && sent[0]!.form === "records"
    const stamp = stamped ? { producer: { ...producer, id: producer.name } } : {}
    return log.append({ topic, parts, ...stamp })
  })
  const noted = answer.then(called => {
    for (const [index, attempt] of attempts.entries()) note(answers, attempt, called, index)
  })
  return attempts.map(async attempt => {
    await noted
    return attempt
  })
}

function note(
  answers: LogAnswers,
  attempt: Attempt,
  called: Called<readonly AppendResult[] | undefined>,
  index: number,
): void {
  if (called.state === "lost") answers.history.end(attempt, "unknown", "lost")
  else if (called.state === "failed") answers.failed(attempt, called.error)
  else if (called.value === undefined) answers.history.end(attempt, "refused", "late")
  else answers.appended(attempt, called.value[index])
}

/** Draws the next operation's size. */
export function drawValues(context: ClientContext, prng: Prng, id: number): string[] {
  const bytes = Math.round(prng.magnitude(8, context.scenario.valueBytesMax))
  return opValues(id, 1 + prng.integer(RECORDS_MAX), bytes)
}

export async function rest(context: ClientContext, prng: Prng): Promise<void> {
  const long = prng.chance(context.scenario.restChance)
  const ms = long ? prng.magnitude(REST_MS_MIN, REST_MS_MAX) : prng.magnitude(1, 2 * SECOND_MS)
  await context.hosts.pause(ms)
}

/** Sends what has no sequence, once: whatever is not acknowledged stays unknown. */
export async function runPlainClient(
  context: ClientContext,
  spec: ClientSpec,
  topic: TopicPlan,
  prng: Prng,
): Promise<void> {
  const { hosts, answers, world } = context
  const last = new Map<number, Op>()
  const underWay = new Set<Promise<unknown>>()
  for (let done = 0; done < spec.operations && !context.stopping(); done++) {
    const parts = prng.chance(0.2) ? topic.partitions : 1
    const first = prng.integer(topic.partitions)
    const sent = Array.from({ length: parts }, (_, index) => {
      const partition = prng.chance(0.2) && parts === 1 ? "any" : (first + index) % topic.partitions
      const after = partition === "any" ? undefined : ackedBefore(last.get(partition))
      const values = drawValues(context, prng, answers.history.ops.length)
      const count = values.length
      const op = answers.history.op({
        topic: topic.name,
        partition,
        count,
        dishonest: false,
        firstAt: world.now,
        ...(after && { after }),
      })
      if (partition !== "any") last.set(partition, op)
      return { op, form: prng.pick(["records", "records", "batch"] as const), values }
    })
    const attempts = Promise.all(sendAll(context, await hosts.pick(prng), sent))
    underWay.add(attempts)
    void attempts.then(() => underWay.delete(attempts))
    if (underWay.size >= spec.window) {
      await hosts.within(Promise.race(underWay), prng.magnitude(PATIENCE_MS_MIN, PATIENCE_MS_MAX))
    }
    await rest(context, prng)
  }
}

export function ackedBefore(op: Op | undefined): Op | undefined {
  return op?.attempts.some(({ outcome }) => outcome === "acked") ? op : undefined
}

/** A producer that keeps asking until it knows: up to five appends under way, retries in any process, new epochs. */
export class ProducerClient {
  readonly #context: ClientContext
  readonly #spec: ClientSpec
  readonly #topic: TopicPlan
  readonly #name: string
  readonly #prng: Prng
  readonly #next = new Map<number, number>()
  readonly #underWay = new Set<Promise<void>>()
  readonly #lastAcked = new Map<number, Op>()
  #epoch = 0

  constructor(context: ClientContext, spec: ClientSpec, topic: TopicPlan, name: string, prng: Prng) {
    this.#context = context
    this.#spec = spec
    this.#topic = topic
    this.#name = name
    this.#prng = prng
  }

  async run(): Promise<void> {
    const { hosts } = this.#context
    for (let done = 0; done < this.#spec.operations && !this.#context.stopping(); done++) {
      while (this.#underWay.size >= this.#spec.window) {
        await hosts.within(Promise.race(this.#underWay), PATIENCE_MS_MAX)
      }
      if (this.#prng.chance(0.03)) this.#newEpoch()
      const pursued = this.#begin()
      this.#underWay.add(pursued)
      void pursued.then(() => this.#underWay.delete(pursued))
      if (this.#prng.chance(this.#context.scenario.lieChance)) await this.#lie()
      await rest(this.#context, this.#prng)
    }
    await Promise.all(this.#underWay)
  }

  /** Starts again from sequence 0, as a client does that has lost its memory or its place. */
  #newEpoch(): void {
    this.#epoch++
    this.#next.clear()
    this.#lastAcked.clear()
  }

  #begin(): Promise<void> {
    const { answers, world } = this.#context
    const partition = this.#prng.integer(this.#topic.partitions)
    const sequence = this.#next.get(partition) ?? 0
    const values = drawValues(this.#context, this.#prng, answers.history.ops.length)
    const producer = { name: this.#name, epoch: this.#epoch, sequence }
    const common = { topic: this.#topic.name, partition, count: values.length, dishonest: false }
    const op = answers.history.op({ ...common, producer, firstAt: world.now })
    this.#next.set(partition, sequence + values.length)
    return this.#pursue(op, values)
  }

  async #pursue(op: Op, values: string[]): Promise<void> {
    const { hosts, world } = this.#context
    const prng = this.#prng
    // A client that has been replaced may not know it yet.
    const zombie = prng.chance(0.3)
    const current = () => op.producer!.epoch === this.#epoch
    const form = this.#spec.kind === "given" && prng.chance(0.7) ? "batch" : "records"
    for (let pauseMs = RETRY_PAUSE_MS; current() || zombie; pauseMs = Math.min(2 * pauseMs, HOUR_MS)) {
      if (world.now - op.firstAt > RETRY_MS_MAX || (this.#context.stopping() && op.attempts.length > 40))
        break
      const answer = send(this.#context, await hosts.pick(prng), op, form, values)
      const attempt = await hosts.within(answer, prng.magnitude(PATIENCE_MS_MIN, PATIENCE_MS_MAX))
      if (attempt?.outcome === "acked" || attempt?.outcome === "duplicate") {
        if (current()) this.#lastAcked.set(op.partition as number, op)
        return
      }
      if (attempt?.code === "fenced" || (attempt?.code === "gap" && !this.#waitsForOthers(op))) break
      await hosts.pause(prng.magnitude(10, pauseMs))
    }
    if (current()) this.#newEpoch()
  }

  /** Whether records before this one are still under way, so that a gap may close. */
  #waitsForOthers(op: Op): boolean {
    const { ops } = this.#context.answers.history
    return ops.some(
      other =>
        other.producer?.name === this.#name &&
        other.producer.epoch === op.producer!.epoch &&
        other.partition === op.partition &&
        other.producer.sequence < op.producer!.sequence &&
        !other.dishonest &&
        !other.attempts.some(({ outcome }) => outcome === "acked" || outcome === "duplicate"),
    )
  }

  /** Sends what has to be refused: an epoch that is over, or sequences that overlap others. */
  async #lie(): Promise<void> {
    const { answers, hosts, world } = this.#context
    const partition = this.#prng.integer(this.#topic.partitions)
    const known = this.#lastAcked.get(partition)
    const overlaps = known !== undefined && known.producer!.sequence > 0
    const producer = overlaps
      ? known.producer!
      : { name: this.#name, epoch: Math.max(0, this.#epoch - 1), sequence: 1_000_000 }
    const count = overlaps ? known.count + 1 : 1
    const id = answers.history.ops.length
    const common = { topic: this.#topic.name, partition, count, dishonest: true, firstAt: world.now }
    const op = answers.history.op({ ...common, producer })
    const host = await hosts.pick(this.#prng)
    const answer = send(this.#context, host, op, "records", opValues(id, count, 20))
    await hosts.within(answer, PATIENCE_MS_MAX)
  }
}
