import { LRUCache } from "lru-cache"
import { StorageError } from "../../storage/errors.ts"
import type { Item } from "../../storage/meta-store.ts"
import { notAfter } from "../../storage/not-after.ts"
import { readAgain, settlePut } from "../../storage/settle.ts"
import type { Ports } from "../../storage/time.ts"
import { LogError } from "../errors.ts"
import { partitionKey } from "../slot.ts"
import { uploadObject } from "../upload.ts"
import { segmentFolder } from "./segment.ts"
import {
  EMPTY_INDEX,
  packIndex,
  SEGMENT_INDEX_FORMAT,
  SEGMENTS_KEY,
  type SegmentIndex,
  unpackIndex,
} from "./segment-index.ts"

/** A larger index lies in an object: its item is read whenever a process first looks, and billed by its size. */
export const INDEX_INLINE_BYTES_MAX = 32 * 1024
/** What a process knows of an index is read again after this: log starts that others moved are then seen. */
export const INDEX_REREAD_MS = 60_000
/** What a process keeps of indexes: those of thousands of partitions, or of a few very long ones. */
const INDEXES_KEPT_BYTES = 64 * 1024 * 1024
/** Of one, besides its packed bytes. */
const INDEX_KEPT_OVERHEAD = 1_024

/** One partition of a topic, by its id. */
export interface PartitionRef {
  readonly topicId: string
  readonly partition: number
}

/** An index as a read found it. */
export interface IndexRead {
  readonly index: SegmentIndex
  /** Undefined: there is no item, since nothing was ever rolled up or deleted. */
  readonly version: string | undefined
  /** The object that holds it. */
  readonly object: string | undefined
  /** Store time of the read, epoch ms. */
  readonly date: number
}

interface Kept {
  readonly read: IndexRead
  /** Own clock at the read. */
  readonly elapsed: number
  readonly bytes: number
}

type IndexPorts = Pick<Ports, "meta" | "objects" | "clock" | "random">

/** Segment indexes of partitions: as they were read within the last minute, read anew, and replaced. */
export class SegmentIndexes {
  readonly #ports: IndexPorts
  readonly #kept = new LRUCache<string, Kept>({
    maxSize: INDEXES_KEPT_BYTES,
    sizeCalculation: ({ bytes }) => INDEX_KEPT_OVERHEAD + bytes,
  })

  constructor(ports: IndexPorts) {
    this.#ports = ports
  }

  /** As of a read at most `INDEX_REREAD_MS` ago. Throws `StorageError`, `log_damaged`. */
  async get(at: PartitionRef): Promise<IndexRead> {
    return this.known(at) ?? (await this.read(at))
  }

  /** What is known without a read. */
  known({ topicId, partition }: PartitionRef): IndexRead | undefined {
    const kept = this.#kept.get(partitionKey(topicId, partition))
    if (kept === undefined || this.#ports.clock.elapsed() - kept.elapsed >= INDEX_REREAD_MS) return undefined
    return kept.read
  }

  /** As of a read that begins after this call. Throws `StorageError`, `log_damaged`. */
  async read(at: PartitionRef): Promise<IndexRead> {
    const { meta } = this.#ports
    const key = { pk: partitionKey(at.topicId, at.partition), sk: SEGMENTS_KEY }
    const elapsed = this.#ports.clock.elapsed()
    for (let before: string | undefined; ; ) {
      const { item, date } = await readAgain(this.#ports, () => meta.get("meta", key))
      const read = await this.take(at, item, date, elapsed)
      if (read !== undefined) return read
      // Its object is gone: it was replaced meanwhile, or is damaged.
      if (item === undefined || before === item.version) {
        throw new LogError("log_damaged", `${key.pk}: the object of its segment index is missing`)
      }
      before = item.version
    }
  }

  /**
   * What an item says, kept for later.
   * @param elapsed own clock at the read
   * @returns undefined: the object that it names does not exist
   */
  async take(
    { topicId, partition }: PartitionRef,
    item: Item | undefined,
    date: number,
    elapsed: number,
  ): Promise<IndexRead | undefined> {
    const pk = partitionKey(topicId, partition)
    const kept = this.#kept.get(pk)
    if (kept !== undefined && item !== undefined && kept.read.version === item.version) {
      const read = { ...kept.read, date }
      this.#keep(pk, { ...kept, read, elapsed })
      return read
    }
    if (item === undefined) {
      const read = { index: EMPTY_INDEX, version: undefined, object: undefined, date }
      this.#keep(pk, { read, elapsed, bytes: 0 })
      return read
    }
    const { v, s, e, b, o } = item.fields
    const where = `segment index ${pk}`
    if (v !== SEGMENT_INDEX_FORMAT) {
      throw new StorageError(
        "unknown_format",
        `${where}: format ${String(v)}, expected ${SEGMENT_INDEX_FORMAT}`,
      )
    }
    let bytes = b as Uint8Array | undefined
    if (bytes === undefined) {
      const object = await readAgain(this.#ports, () => this.#ports.objects.get(o as string))
      if (object === undefined) return undefined
      bytes = object.body
    }
    const index = unpackIndex(bytes, { start: s as number, end: e as number }, where)
    const read = { index, version: item.version, object: o as string | undefined, date }
    this.#keep(pk, { read, elapsed, bytes: bytes.length })
    return read
  }

  /** What was learnt while the read was under way is newer. */
  #keep(pk: string, kept: Kept): void {
    if ((this.#kept.get(pk)?.elapsed ?? Number.NEGATIVE_INFINITY) <= kept.elapsed) this.#kept.set(pk, kept)
  }

  /**
   * Puts an index in place of the one that was read. Whatever it says of what it replaces may be deleted only once this
   * is `committed`; after `lost` it may or may not stand, and is read anew. Throws `StorageError` when an upload fails.
   * @param uploads store times of the uploads that it is the first to name
   * @param oldestRead of the reads that it rests on besides the index's own
   */
  async replace(
    at: PartitionRef,
    before: IndexRead,
    next: SegmentIndex,
    uploads: readonly number[] = [],
    oldestRead = before.date,
  ): Promise<"committed" | "lost"> {
    const { random } = this.#ports
    const pk = partitionKey(at.topicId, at.partition)
    const packed = packIndex(next)
    const bounds = { v: SEGMENT_INDEX_FORMAT, s: next.start, e: next.end }
    const dates = [...uploads]
    let fields: Item["fields"] = { ...bounds, b: packed }
    if (packed.length > INDEX_INLINE_BYTES_MAX) {
      const key = `${segmentFolder(at.topicId, at.partition)}index-${next.end}-${random.id()}`
      dates.push(await uploadObject(this.#ports, key, [packed]))
      fields = { ...bounds, o: key }
    }
    const item: Item = { pk, sk: SEGMENTS_KEY, version: random.id(), fields }
    const condition = before.version === undefined ? ({ absent: true } as const) : { version: before.version }
    const bound = notAfter(Math.min(oldestRead, before.date), dates)
    const settled = await settlePut(this.#ports, "meta", item, { condition, notAfter: bound })
    if (settled.outcome !== "committed") {
      this.#kept.delete(pk)
      return "lost"
    }
    const object = fields.o as string | undefined
    const read = { index: next, version: item.version, object, date: settled.date }
    this.#kept.set(pk, { read, elapsed: this.#ports.clock.elapsed(), bytes: packed.length })
    return "committed"
  }
}
