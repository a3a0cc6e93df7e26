import type { LogError } from "../../shared/log/errors.ts"
import type {
  TransactionalProducer,
  TransactionBatch,
  TransactionOffsets,
} from "../../shared/log/transactions/types.ts"
import type { TopicInfo } from "../../shared/log/types.ts"
import type { Operation, SendEvent } from "../support/stream-checker/history.ts"
import type { Prng } from "./prng.ts"
import {
  ask,
  count,
  drawRecords,
  findTopic,
  type Keyed,
  noteSends,
  partitionName,
  rest,
  type StreamContext,
  setOffsets,
  transactionBatch,
} from "./stream-context.ts"
import { Member, noteReads } from "./stream-members.ts"
import type { StreamWriter } from "./stream-scenario.ts"

const TIMEOUT_MS_MIN = 5_000
const TIMEOUT_MS_MAX = 900_000
const SLOW_MS_MAX = 600_000
const RETRIES_MAX = 30
const RETRY_PAUSE_MS_MAX = 30_000

interface Part {
  readonly topic: TopicInfo
  readonly partition: number
  readonly records: readonly Keyed[]
}

/** A transactional producer: it appends, commits or aborts, and is replaced by itself when it dies. */
export class Transactor {
  readonly #context: StreamContext
  readonly #client: string
  readonly #spec: StreamWriter
  readonly #prng: Prng
  #member: Member | undefined
  /** How its last transaction ended is not known, or not well: it goes on where the group stands once that is decided. */
  #lost = false
  /** Replaced ones that carry on. */
  readonly #zombies: Promise<void>[] = []
  #producer: TransactionalProducer | undefined

  constructor(context: StreamContext, client: string, spec: StreamWriter, prng: Prng) {
    this.#context = context
    this.#client = client
    this.#spec = spec
    this.#prng = prng
    this.#member = this.#newMember()
  }

  #newMember(): Member | undefined {
    const group = this.#context.scenario.groups.find(({ name }) => name === this.#spec.group)
    const client = `${this.#client}.${this.#zombies.length}`
    return group && new Member(this.#context, group, client, this.#prng)
  }

  async run(): Promise<void> {
    const context = this.#context
    for (let done = 0; done < this.#spec.operations && !context.stopping(); done++) {
      await this.#member?.beat()
      const producer = this.#producer ?? (await this.#init())
      if (producer !== undefined) {
        if (this.#lost) await this.#member?.rewind()
        this.#lost = false
        if (this.#prng.chance(0.05)) this.#replace(producer)
        else {
          await this.#transact(producer, this.#member, this.#client)
        }
      }
      await rest(context, this.#prng)
    }
    await Promise.all(this.#zombies)
  }

  /** A zombie: it carries on with what its successor takes over. */
  #replace(producer: TransactionalProducer): void {
    const thread = `${this.#client} zombie ${this.#zombies.length}`
    this.#zombies.push(this.#transact(producer, this.#member, thread))
    this.#producer = undefined
    this.#member = this.#newMember()
  }

  async #init(): Promise<TransactionalProducer | undefined> {
    const timeoutMs = Math.round(this.#prng.magnitude(TIMEOUT_MS_MIN, TIMEOUT_MS_MAX))
    const id = `t ${this.#client}`
    const asked = await ask(this.#context, this.#prng, log => log.transactions.init(id, timeoutMs))
    if (asked.state === "refused") this.#context.hosts.violated(`init of ${id}: ${asked.error.message}`)
    this.#producer = asked.state === "done" ? asked.value : undefined
    return this.#producer
  }

  async #transact(
    producer: TransactionalProducer,
    member: Member | undefined,
    thread: string,
  ): Promise<void> {
    const { book } = this.#context
    const operation = book.begin(thread, { transaction: true, mode: "subscribe" })
    const read = (await member?.poll(operation)) ?? []
    const parts = await this.#draw(read.map(({ value }) => value))
    const offsets = offsetsOf(member)
    if (parts.length === 0 && offsets.length === 0) return book.end(operation, "fail")
    const sends = parts.map(part =>
      noteSends(operation, partitionName(part.topic.id, part.partition), part.records),
    )
    const wanted = { operation, producer, parts, sends, offsets }
    await (this.#spec.kind === "large" ? this.#large(wanted) : this.#small(wanted))
    const { outcome } = operation
    count(this.#context, `${this.#spec.kind} ${outcome}`)
    if (offsets.length > 0) count(this.#context, `offsets ${outcome}`)
    if (outcome !== "fail" && this.#spec.group !== undefined) noteReads(this.#context, this.#spec.group, read)
    if (outcome !== "ok" && member === this.#member) this.#lost = true
  }

  /** What it writes: of what it has read, one record each; else something of its own. */
  async #draw(read: readonly string[]): Promise<Part[]> {
    const parts: Part[] = []
    const places = 1 + this.#prng.integer(3)
    for (let place = 0; place < places; place++) {
      const { name } = this.#prng.pick(this.#context.scenario.topics)
      const topic = await findTopic(this.#context, this.#prng, name)
      if (topic === undefined) continue
      const partition = this.#prng.integer(topic.partitions)
      if (parts.some(part => part.topic.id === topic.id && part.partition === partition)) continue
      parts.push({ topic, partition, records: drawRecords(this.#context, this.#prng) })
    }
    const [first] = parts
    if (first !== undefined && this.#spec.group !== undefined && read.length > 0) {
      const records = read.map(source => {
        const value = this.#context.value()
        this.#context.derived.set(value, `${source} by ${this.#spec.group}`)
        return { key: value, value }
      })
      parts[0] = { ...first, records }
    }
    return parts
  }

  async #small(wanted: Wanted): Promise<void> {
    const { producer, parts, sends } = wanted
    const batches = parts.map(part => this.#batch(part, producer, 0))
    // Who is slow may have lost its partitions meanwhile, and not know it.
    if (this.#prng.chance(0.3)) await this.#context.hosts.pause(this.#prng.magnitude(10, SLOW_MS_MAX))
    const offsets = await this.#commit(wanted, batches)
    if (offsets.length > sends.length)
      return this.#context.hosts.violated("told of records that it did not send")
    for (const [index, offset] of offsets.entries()) setOffsets(sends[index]!, offset)
  }

  async #large(wanted: Wanted): Promise<void> {
    const { producer, parts, sends, operation } = wanted
    const { book, hosts } = this.#context
    for (const [index, part] of parts.entries()) {
      const batch = this.#batch(part, producer, 0)
      const baseOffset = await this.#append(part, batch.bytes)
      if (baseOffset === undefined) return this.#abort(wanted)
      setOffsets(sends[index]!, baseOffset)
      if (this.#prng.chance(0.3)) await hosts.pause(this.#prng.magnitude(10, 60_000))
    }
    if (this.#prng.chance(0.2)) return this.#abort(wanted)
    if (this.#prng.chance(0.05)) {
      // It dies: whoever meets its transaction aborts it.
      this.#forget(producer)
      return book.end(operation, "fail")
    }
    await this.#commit(wanted, [])
  }

  #batch(
    { topic, partition, records }: Part,
    producer: TransactionalProducer,
    sequence: number,
  ): TransactionBatch {
    const bytes = transactionBatch(records, this.#context.world.now, { ...producer, sequence })
    return { topic: topic.name, topicId: topic.id, partition, bytes }
  }

  /** Appends one batch, asking again until it knows. Undefined: it does not stand, or nobody knows. */
  async #append({ topic, partition }: Part, batch: Uint8Array): Promise<number | undefined> {
    for (let tries = 0; tries < RETRIES_MAX; tries++) {
      const asked = await ask(this.#context, this.#prng, log =>
        log.append({ topic: topic.name, topicId: topic.id, parts: [{ partition, batch }] }),
      )
      const result = asked.state === "done" ? asked.value[0]! : undefined
      if (result !== undefined && !("error" in result)) return result.baseOffset
      const error =
        asked.state === "refused" ? asked.error : result && "error" in result ? result.error : undefined
      if (error !== undefined && !isPassing(error)) {
        this.#judge("append", error)
        return undefined
      }
      await this.#context.hosts.pause(this.#prng.magnitude(10, RETRY_PAUSE_MS_MAX))
    }
    return undefined
  }

  /** Asks until it knows how the transaction ended. Returns its batches' offsets, where they are told. */
  async #commit(wanted: Wanted, batches: readonly TransactionBatch[]): Promise<readonly number[]> {
    const { operation, producer, offsets } = wanted
    const { book, hosts } = this.#context
    operation.committing = book.moment()
    let doubtful = false
    for (let tries = 0; tries < RETRIES_MAX; tries++) {
      const request = { ...producer, batches, offsets }
      const asked = await ask(this.#context, this.#prng, log => log.transactions.commit(request))
      if (asked.state === "done") {
        this.#next(producer, asked.value.next)
        const committed = asked.value.outcome === "committed"
        book.end(operation, committed ? "ok" : "fail")
        return committed ? asked.value.offsets : []
      }
      if (asked.state === "lost") {
        doubtful = true
        // It dies, or is told to stop waiting.
        if (this.#prng.chance(0.2)) break
      } else if (!isPassing(asked.error)) {
        this.#judge("commit", asked.error)
        break
      }
      await hosts.pause(this.#prng.magnitude(10, RETRY_PAUSE_MS_MAX))
    }
    this.#forget(producer)
    book.end(operation, doubtful ? "unknown" : "fail")
    return []
  }

  async #abort(wanted: Wanted): Promise<void> {
    const { operation, producer } = wanted
    const { transactionalId, producerId, epoch } = producer
    const asked = await ask(this.#context, this.#prng, log =>
      log.transactions.abort(transactionalId, producerId, epoch),
    )
    if (asked.state === "done") this.#next(producer, asked.value.next)
    else this.#forget(producer)
    if (asked.state === "done" && asked.value.outcome !== "aborted")
      this.#context.hosts.violated(`abort of ${transactionalId}: ${asked.value.outcome}`)
    // Nobody ever asked for its commit.
    this.#context.book.end(operation, "fail")
  }

  #next(old: TransactionalProducer, next: { readonly producerId: number; readonly epoch: number }): void {
    if (this.#producer === old) this.#producer = { ...old, ...next }
  }

  #forget(old: TransactionalProducer): void {
    if (this.#producer === old) this.#producer = undefined
  }

  #judge(what: string, { code, message }: LogError): void {
    const expected = [
      "fenced",
      "invalid_transaction",
      "topic_deleted",
      "unknown_topic",
      "fenced_member",
      "unknown_member",
    ]
    if (!expected.includes(code))
      this.#context.hosts.violated(`${what} of ${this.#client}: ${code}: ${message}`)
  }
}

function offsetsOf(member: Member | undefined): TransactionOffsets[] {
  const offsets = member?.offsets() ?? []
  return member === undefined || offsets.length === 0
    ? []
    : [{ group: member.group.name, ...member.stamp, offsets }]
}

interface Wanted {
  readonly operation: Operation
  readonly producer: TransactionalProducer
  readonly parts: readonly Part[]
  readonly sends: readonly SendEvent[][]
  readonly offsets: readonly TransactionOffsets[]
}

function isPassing({ code }: LogError): boolean {
  return code === "outcome_unknown" || code === "overloaded" || code === "too_many_in_flight"
}
