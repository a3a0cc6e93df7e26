import { checkBatchCrc, decodeRecords } from "../../shared/log/records/index.ts"
import { segmentKey } from "../../shared/log/segments/segment.ts"
import { unpackIndex } from "../../shared/log/segments/segment-index.ts"
import { readSlot, type Slot } from "../../shared/log/slot.ts"
import { unpackState } from "../../shared/log/snapshot.ts"
import type { Item, MetaTable } from "../../shared/storage/meta-store.ts"
import { LogDeletions } from "./log-deletions.ts"
import { describeOp, isRefused, type LogHistory, type Op, readValue } from "./log-history.ts"
import { digestOf, LogOracle } from "./log-oracle.ts"

const MINUTE_MS = 60_000
/** How far the two stores' clocks may be apart in these worlds, and a little. */
const STORE_SKEW_MS = 2_000 + 100
/** A slot stands at most this long after the oldest read that it rests on. */
const WRITE_AFTER_READ_MS = 30 * MINUTE_MS
const NAME_AFTER_UPLOAD_MS = 5 * MINUTE_MS
/** An hour in a key is rounded down, its date is a read's, and commit times may be ahead by half an hour each. */
const KEY_HOUR_LAG_MS = 3 * 60 * MINUTE_MS
const FLAG_CLOSE = 4

const decoder = new TextDecoder()

/** One partition as the store holds it, followed write by write. */
export class TruthPartition {
  readonly topicId: string
  readonly partition: number
  readonly slots: Slot[] = []
  /** The value at every offset. */
  readonly values: string[] = []
  /** Epoch ms, at every offset. */
  readonly timestamps: number[] = []
  readonly oracle = new LogOracle()
  /** What the fold was at each end: two states where the partition was closed. */
  readonly digests = new Map<number, string[]>([[0, [new LogOracle().digest()]]])
  snapshotEnd = -1
  snapshots = 0
  /** Up to here records lie in segments, and slots may be gone. */
  rolledEnd = 0
  /** The largest end that anybody has been told of. */
  endTold = 0

  constructor(topicId: string, partition: number) {
    this.topicId = topicId
    this.partition = partition
  }

  get end(): number {
    return this.oracle.end
  }

  get where(): string {
    return `${this.topicId.slice(0, 6)}/${this.partition}`
  }
}

export interface TruthTopic {
  readonly id: string
  readonly name: string
  readonly partitions: number
  marked: boolean
  closed: boolean
}

/**
 * Watches the stores and checks, at the moment when it is applied, whether a write may stand there. What it knows is
 * what a reader must be shown.
 */
export class LogTruth {
  readonly partitions = new Map<string, TruthPartition>()
  readonly topics = new Map<string, TruthTopic>()
  readonly uploads = new Map<string, { body: Uint8Array; first: number; last: number }>()
  readonly deletions = new LogDeletions()
  readonly #history: LogHistory
  readonly #producerIds = new Map<number, string>()
  slots = 0
  /** Times that an index of segments was put. */
  rolled = 0
  snapshotObjects = 0

  constructor(history: LogHistory) {
    this.#history = history
  }

  of(topicId: string, partition: number): TruthPartition {
    const key = `${topicId}#${partition}`
    let found = this.partitions.get(key)
    if (found === undefined) {
      found = new TruthPartition(topicId, partition)
      this.partitions.set(key, found)
    }
    return found
  }

  item(table: MetaTable, item: Item, date: number): void {
    try {
      if (table === "log") this.#slot(item, date)
      else if (item.sk === "snapshot") this.#snapshot(item)
      else if (item.sk === "segments") this.#segments(item, date)
      else if (item.pk === "topics") this.#topicName(item)
      else if (item.sk === "topic") this.#topicId(item)
      else if (item.sk === "producer") this.#producer(item)
    } catch (error) {
      this.#history.violated(`${item.pk} ${item.sk} cannot be read: ${(error as Error).stack}`)
    }
  }

  object(key: string, body: Uint8Array, date: number): void {
    const before = this.uploads.get(key)
    if (before === undefined) this.uploads.set(key, { body, first: date, last: date })
    else {
      before.last = date
      if (!sameBytes(before.body, body)) this.#history.violated(`object ${key} was changed`)
    }
  }

  #slot(item: Item, date: number): void {
    const slot = readSlot(item)
    const [topicId, digits] = item.pk.split("#") as [string, string]
    const truth = this.of(topicId, Number(digits))
    const violated = (text: string) => this.#history.violated(`slot ${truth.where} at ${slot.base}: ${text}`)
    const topic = this.topics.get(topicId)
    if (topic === undefined) {
      violated(`its topic ${topicId} does not exist`)
      return
    }
    if (topic.closed) violated("its topic is closed")
    if (truth.oracle.closed) violated("follows a closing slot")
    if (slot.base !== truth.end) violated(`the partition's end is ${truth.end}`)
    if (slot.commitTime < truth.oracle.commitTime) violated("its commit time goes back")
    if (date - slot.commitTime > WRITE_AFTER_READ_MS) {
      violated(`applied ${(date - slot.commitTime) / MINUTE_MS} min after its commit time`)
    }
    if (slot.commitTime - date > WRITE_AFTER_READ_MS) violated("its commit time lies too far ahead")
    if (slot.entries.some(({ flags }) => (flags & FLAG_CLOSE) !== 0) && slot.next !== slot.base) {
      violated("a closing slot takes up offsets")
    }
    this.slots++
    truth.slots.push(slot)
    const fault = truth.oracle.apply(slot)
    if (fault !== undefined) violated(fault)
    const digests = truth.digests.get(slot.next) ?? []
    digests.push(truth.oracle.digest())
    truth.digests.set(slot.next, digests)
    const payload = this.#payload(slot, date, violated)
    if (payload !== undefined) this.#records(truth, slot, payload, topic, violated)
  }

  #payload(slot: Slot, date: number, violated: (text: string) => void): Uint8Array | undefined {
    const { payload } = slot
    if (payload.kind === "inline") return payload.bytes
    const upload = this.uploads.get(payload.key)
    if (upload === undefined) {
      violated(`its object ${payload.key} does not exist`)
      return undefined
    }
    if (date - upload.last > NAME_AFTER_UPLOAD_MS + STORE_SKEW_MS) {
      violated(`names an object ${(date - upload.last) / MINUTE_MS} min after its upload`)
    }
    const hour = Date.parse(`${payload.key.split("/")[2]}:00:00Z`)
    const lag = slot.commitTime - hour
    if (!(lag >= -STORE_SKEW_MS && lag <= KEY_HOUR_LAG_MS)) {
      violated(`committed ${lag / MINUTE_MS} min after the hour of ${payload.key}`)
    }
    return upload.body.subarray(payload.offset, payload.offset + payload.length)
  }

  #records(
    truth: TruthPartition,
    slot: Slot,
    payload: Uint8Array,
    topic: TruthTopic,
    violated: (text: string) => void,
  ): void {
    let at = 0
    let offset = slot.base
    for (const entry of slot.entries) {
      if (entry.length === 0) continue
      const batch = payload.slice(at, at + entry.length)
      at += entry.length
      const header = checkBatchCrc(batch)
      if (header.count !== entry.count) violated(`entry of ${entry.count}, batch of ${header.count} records`)
      for (const { value, timestamp } of decodeRecords(batch)) {
        const text = decoder.decode(value!)
        truth.values[offset] = text
        truth.timestamps[offset] = timestamp
        this.#record(truth, text, offset, topic, violated)
        offset++
      }
    }
    if (offset !== slot.next) violated(`holds records up to ${offset}, says ${slot.next}`)
  }

  #record(
    truth: TruthPartition,
    text: string,
    offset: number,
    topic: TruthTopic,
    violated: (text: string) => void,
  ): void {
    const read = readValue(text)
    const op = read && this.#history.ops[read.op]
    if (read === undefined || op === undefined) {
      violated(`holds ${text.slice(0, 40)}, which nobody wrote`)
      return
    }
    const { topicId, partition } = truth
    if (read.index === 0) {
      const again = op.placements.find(placed => placed.topicId === topicId)
      if (again !== undefined) violated(`${describeOp(op)} stands again, first at ${again.offset}`)
      if (op.topic !== topic.name || (op.partition !== "any" && op.partition !== partition)) {
        violated(`${describeOp(op)} belongs elsewhere`)
      }
      if (op.topicId !== undefined && op.topicId !== topicId) violated(`${describeOp(op)} was redirected`)
      if (isRefused(op)) violated(`${describeOp(op)} was refused`)
      op.placements.push({ topicId, partition, offset, count: op.count })
      return
    }
    const first = op.placements.find(placed => placed.topicId === topicId && placed.partition === partition)
    if (first?.offset !== offset - read.index) violated(`${describeOp(op)} is torn or out of order`)
  }

  #snapshot(item: Item): void {
    const [topicId, digits] = item.pk.split("#") as [string, string]
    const truth = this.of(topicId, Number(digits))
    const { end, b, o } = item.fields as { end: number; b?: Uint8Array; o?: string }
    const violated = (text: string) => this.#history.violated(`snapshot ${truth.where} at ${end}: ${text}`)
    const body = o === undefined ? b : this.uploads.get(o)?.body
    if (body === undefined) {
      violated(`its object ${o} does not exist`)
      return
    }
    if (o !== undefined) this.snapshotObjects++
    const found = digestOf(unpackState(body, item.pk))
    const expected = truth.digests.get(end) ?? []
    if (!expected.includes(found)) violated(`holds\n    ${found}\n  expected\n    ${expected.join("\n    ")}`)
    const closes = truth.oracle.closed && end === truth.snapshotEnd
    if (end <= truth.snapshotEnd && !closes) violated(`replaces the one at ${truth.snapshotEnd}`)
    truth.snapshotEnd = end
    truth.snapshots++
  }

  /** Segments stand for what slots held, below the newest snapshot; of topics that are deleted there may be none. */
  #segments(item: Item, date: number): void {
    const [topicId, digits] = item.pk.split("#") as [string, string]
    const truth = this.of(topicId, Number(digits))
    const violated = (text: string) => this.#history.violated(`segments of ${truth.where}: ${text}`)
    const { s, e, b, o } = item.fields as { s: number; e: number; b?: Uint8Array; o?: string }
    const body = b ?? this.uploads.get(o!)?.body
    if (body === undefined) {
      violated(`the object ${o} of their index does not exist`)
      return
    }
    const index = unpackIndex(body, { start: s, end: e }, item.pk)
    if (e < truth.rolledEnd || e > truth.end)
      violated(`end at ${e}, before at ${truth.rolledEnd} of ${truth.end}`)
    if (e > truth.snapshotEnd) violated(`end at ${e}, the newest snapshot at ${truth.snapshotEnd}`)
    if (s !== 0 && this.topics.get(topicId)?.closed !== true) violated(`begin at ${s}`)
    for (const segment of index.segments) {
      if (segment.next <= truth.rolledEnd) continue
      const upload = this.uploads.get(segmentKey(topicId, truth.partition, segment))
      if (upload === undefined) violated(`${segment.base} to ${segment.next} have no object`)
      else if (date - upload.last > NAME_AFTER_UPLOAD_MS + STORE_SKEW_MS) violated("name an object too late")
    }
    truth.rolledEnd = e
    this.rolled++
  }

  #topicName(item: Item): void {
    const { id, partitions, deleting } = item.fields as { id: string; partitions: number; deleting: boolean }
    const known = this.topics.get(id)
    if (known === undefined) {
      this.topics.set(id, { id, name: item.sk, partitions, marked: deleting, closed: false })
      this.deletions.created(id)
    } else if (deleting) {
      if (known.marked) return
      known.marked = true
      if (!this.deletions.marked(item.sk, id)) {
        this.#history.violated(`topic ${item.sk} (${id}) goes, and nobody has asked for that`)
      }
    }
  }

  #topicId(item: Item): void {
    const id = item.pk.slice("topic#".length)
    const topic = this.topics.get(id)
    if (topic === undefined) {
      this.#history.violated(`topic id ${id} belongs to no name`)
      return
    }
    if (item.fields.closed !== true) return
    if (!topic.marked) this.#history.violated(`topic ${topic.name} (${id}) is closed and was never marked`)
    for (let partition = 0; partition < topic.partitions; partition++) {
      if (!this.of(id, partition).oracle.closed) {
        this.#history.violated(`topic ${topic.name} (${id}) is closed, its partition ${partition} is not`)
      }
    }
    topic.closed = true
  }

  #producer(item: Item): void {
    const id = item.fields.id as number
    const name = item.pk.slice("producer#".length)
    const other = this.#producerIds.get(id)
    const digits = String(id)
    if (other !== undefined && other !== name && name !== digits && other !== digits) {
      this.#history.violated(`producers ${other} and ${name} share the id ${id}`)
    }
    if (name !== digits || other === undefined) this.#producerIds.set(id, name)
  }

  /** Where an acknowledged operation stands; notes it as told. */
  told(op: Op, partition: number, offset: number): boolean {
    const placed = op.placements.find(other => other.partition === partition && other.offset === offset)
    if (placed === undefined) return false
    const truth = this.of(placed.topicId, partition)
    truth.endTold = Math.max(truth.endTold, offset + op.count)
    return true
  }
}

function sameBytes(left: Uint8Array, right: Uint8Array): boolean {
  return Buffer.compare(left, right) === 0
}
