import type { Replay } from "../definition/replay.ts"
import { LogError } from "../log/errors.ts"
import { partitionForKey, readBatchHeader } from "../log/records/index.ts"
import type { AppendResult, Log, RecordSource, TopicInfo } from "../log/types.ts"
import type { Item, ItemKey } from "../storage/meta-store.ts"
import { notAfter } from "../storage/not-after.ts"
import { readAgain, settlePut } from "../storage/settle.ts"
import type { Ports } from "../storage/time.ts"
import { StartError } from "./start-error.ts"

const REPLAY_FORMAT = 1
/** How often it is seen whether records are due, ms. */
const STEP_MS = 100
/**
 * Records of one append. The cut between appends must be the same at every start, since a repeat is recognised as a
 * whole: so it is part of the stored position.
 */
const CHUNK_RECORDS = 50
/** Times one append is tried before the replay gives up. */
const SEND_TRIES = 30
/** Bytes that one step of a look-up among stored batches reads. */
const LOOK_BYTES = 1024 * 1024

/** How far a replay has come: kept in `meta`, so that no start ever sends a record twice. */
interface Position {
  /** The number of the next record. */
  readonly next: number
  /** Records of one append. */
  readonly chunk: number
  /** The producer that sends, and its epoch. */
  readonly producer: string
  readonly epoch: number
  /** The record that this epoch's sequence 0 stands for. */
  readonly epochBase: number
  /** Nothing that is not counted in `next` lies below this offset. */
  readonly offset: number
}

interface Kept {
  readonly position: Position
  readonly version: string
}

/** Records of a replay that go to one partition, by their key. */
export interface ReplayLane {
  readonly partition: number
  /** The key of a record's value, as bytes. */
  readonly keyOf: (value: Uint8Array) => Uint8Array | undefined
}

/** Sends an app's replay, or one lane of it, once over all starts on the same data. */
export class Replayer {
  readonly #ports: Ports
  readonly #log: Log
  readonly #replay: Replay
  readonly #topic: TopicInfo
  readonly #lane: ReplayLane | undefined
  readonly #key: ItemKey
  #kept: Kept

  private constructor(
    ports: Ports,
    log: Log,
    replay: Replay,
    topic: TopicInfo,
    lane: ReplayLane | undefined,
    kept: Kept,
  ) {
    this.#ports = ports
    this.#log = log
    this.#replay = replay
    this.#topic = topic
    this.#lane = lane
    this.#key = positionKey(topic, lane)
    this.#kept = kept
  }

  static async open(ports: Ports, log: Log, replay: Replay, lane?: ReplayLane): Promise<Replayer> {
    const topic = await log.topic(replay.topic)
    const key = positionKey(topic, lane)
    const { item, date } = await readAgain(ports, () => ports.meta.get("meta", key))
    if (item !== undefined) return new Replayer(ports, log, replay, topic, lane, read(item))
    const producer = await log.createProducer()
    const position = {
      next: 0,
      chunk: CHUNK_RECORDS,
      producer: producer.id,
      epoch: 0,
      epochBase: 0,
      offset: 0,
    }
    const made = itemOf(key, position, ports.random.id())
    const settled = await settlePut(ports, "meta", made, {
      condition: { absent: true },
      notAfter: notAfter(date),
    })
    if (settled.outcome !== "committed")
      throw new StartError("bad_replay", "The replay's position could not be kept.")
    return new Replayer(ports, log, replay, topic, lane, read(made))
  }

  get sent(): number {
    return this.#kept.position.next
  }

  get count(): number {
    return this.#replay.count
  }

  /** Sends what is left, at the replay's pace. `progress` is told after every append. */
  async run(progress: (sent: number) => void, signal: AbortSignal): Promise<void> {
    const { clock } = this.#ports
    const { count, durationMs } = this.#replay
    const began = clock.elapsed()
    const first = this.sent
    const values = this.#replay.values(first)
    const iterator =
      Symbol.asyncIterator in values ? values[Symbol.asyncIterator]() : values[Symbol.iterator]()
    while (this.sent < count && !signal.aborted) {
      const due = first + Math.ceil(((clock.elapsed() - began) / durationMs) * count)
      const end = Math.min(count, this.sent + this.#kept.position.chunk)
      if (due < end) {
        await clock.sleep(STEP_MS, signal)
        continue
      }
      const chunk: Uint8Array[] = []
      while (this.sent + chunk.length < end) {
        const step = await iterator.next()
        if (step.done === true)
          throw new StartError("bad_replay", `The replay ends before its ${count} records.`)
        chunk.push(step.value)
      }
      await this.#send(chunk)
      progress(this.sent)
    }
  }

  async #send(chunk: readonly Uint8Array[]): Promise<void> {
    for (let tries = 1; ; tries++) {
      const result = await this.#append(chunk)
      if (!("error" in result))
        return this.#advance(chunk.length, { offset: result.baseOffset + result.count })
      const { code } = result.error
      if (code === "duplicate") return this.#advance(chunk.length, {})
      if (code === "gap") {
        // The log has forgotten the producer since: look whether the chunk stands, else go on in a new epoch.
        const found = await this.#find()
        if (found !== undefined) return this.#advance(chunk.length, { offset: found })
        const { epoch, next } = this.#kept.position
        await this.#keep({ ...this.#kept.position, epoch: epoch + 1, epochBase: next })
        continue
      }
      if (tries >= SEND_TRIES || code !== "outcome_unknown") throw result.error
      await this.#ports.clock.sleep(STEP_MS)
    }
  }

  async #append(chunk: readonly Uint8Array[]): Promise<AppendResult> {
    const { producer, epoch, epochBase, next } = this.#kept.position
    const parts = [{ partition: this.#partition(), records: valuesOf(chunk, this.#lane?.keyOf) }]
    const stamp = { id: producer, epoch, sequence: next - epochBase }
    const [result] = await this.#log.append({ topic: this.#topic.name, parts, producer: stamp })
    return result
  }

  #partition(): number {
    if (this.#lane !== undefined) return this.#lane.partition
    return partitionForKey(new TextEncoder().encode(this.#kept.position.producer), this.#topic.partitions)
  }

  /** The offset after this position's chunk, where it stands already. */
  async #find(): Promise<number | undefined> {
    const { producer, epoch, epochBase, next } = this.#kept.position
    for (let offset = this.#kept.position.offset; ; ) {
      const request = { offset, maxBytes: LOOK_BYTES }
      const fetched = await this.#log.fetch(this.#topic.id, this.#partition(), request)
      for (const { bytes, nextOffset } of fetched.batches) {
        const header = readBatchHeader(bytes)
        const own = header.producerId === Number(producer) && header.producerEpoch === epoch
        if (own && header.baseSequence === next - epochBase) return nextOffset
      }
      if (fetched.nextOffset === offset) return undefined
      offset = fetched.nextOffset
    }
  }

  async #advance(count: number, change: { offset?: number }): Promise<void> {
    const { position } = this.#kept
    await this.#keep({ ...position, ...change, next: position.next + count })
  }

  async #keep(position: Position): Promise<void> {
    const { date } = await readAgain(this.#ports, () => this.#ports.meta.get("meta", this.#key))
    const item = itemOf(this.#key, position, this.#ports.random.id())
    const settled = await settlePut(this.#ports, "meta", item, {
      condition: { version: this.#kept.version },
      notAfter: notAfter(date),
    })
    if (settled.outcome !== "committed")
      throw new LogError("outcome_unknown", "the replay's position was not kept")
    this.#kept = read(item)
  }
}

function positionKey(topic: TopicInfo, lane: ReplayLane | undefined): ItemKey {
  return { pk: `replay#${topic.id}`, sk: lane === undefined ? "position" : `position#${lane.partition}` }
}

function itemOf(key: ItemKey, position: Position, version: string): Item {
  return { ...key, version, fields: { v: REPLAY_FORMAT, ...position } }
}

function read(item: Item): Kept {
  const { v, ...position } = item.fields
  if (v !== REPLAY_FORMAT) throw new StartError("bad_replay", `The replay's position has format ${v}.`)
  return { position: position as unknown as Position, version: item.version }
}

/** What a record takes besides its value, at the most. */
const RECORD_OVERHEAD_BYTES = 40

function valuesOf(values: readonly Uint8Array[], keyOf: ReplayLane["keyOf"] = () => undefined): RecordSource {
  const records = values.map(value => {
    const key = keyOf(value)
    return key === undefined
      ? { keyLength: -1, bytes: value }
      : { keyLength: key.length, bytes: Buffer.concat([key, value]) }
  })
  return {
    count: records.length,
    bytesMax: records.reduce((sum, { bytes }) => sum + bytes.length + RECORD_OVERHEAD_BYTES, 0),
    write(builder, from, to, timestamp) {
      for (const { keyLength, bytes } of records.slice(from, to)) {
        const isKeyed = keyLength >= 0
        builder.add(
          bytes,
          isKeyed ? 0 : -1,
          isKeyed ? keyLength : -1,
          isKeyed ? keyLength : 0,
          bytes.length,
          timestamp,
        )
      }
    },
  }
}
