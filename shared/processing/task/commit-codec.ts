import { StorageError } from "../../storage/errors.ts"
import type { Item } from "../../storage/meta-store.ts"
import { packState, unpackState } from "../state/packing.ts"
import type { CommitRecord, Piece, RunRef, StoredInput, TaskCounters, TaskId } from "./commit.ts"

const COMMIT_FORMAT = 1

/** The sort keys of a chain's commit records. */
export const CHAIN = { from: "c#", to: "c#99999999999999999999" } as const

/** The partition key of a task's chain. */
export function taskKey({ job, generation, stage, index }: TaskId): string {
  return `task#${job}#${generation}#${stage}#${index}`
}

/** The sort key of a commit record: 20 digits, so that text order is number order. */
export function commitKey(seq: number): string {
  return `c#${String(seq).padStart(20, "0")}`
}

/** What the keys of all of a job's objects begin with. */
export function objectPrefix(job: string): string {
  return `job/${job}/`
}

/** The key of a commit's object. */
export function objectKey({ job, generation, stage, index }: TaskId, seq: number, id: string): string {
  return `${objectPrefix(job)}${generation}/${stage}-${index}/${seq}-${id}`
}

type PackedPiece = Uint8Array | readonly [key: number, offset: number, length: number, crc: number]
type PackedInput = readonly [
  uid: number,
  topic: number,
  partition: number,
  next: number,
  maxTimestamp: number,
  flags: number,
  mark: number | null,
  end: number | null,
]
type PackedRun = readonly [
  level: number,
  seq: number,
  entries: number,
  bytes: number,
  piece: PackedPiece,
  groups: RunRef["groups"] | null,
  heap: number | null,
  without: readonly string[] | null,
]

const IDLE = 1
const ENDED = 2

/** A record as packed: lists as rows, and ids and keys once each, since a task may have thousands of partitions. */
interface Packed {
  readonly time: number
  readonly topics: readonly string[]
  readonly uids: readonly string[]
  /** Of objects, after `objectPrefix`. */
  readonly keys: readonly string[]
  readonly inputs: readonly PackedInput[]
  readonly times: readonly (readonly [watermark: number, idle: boolean])[]
  readonly runs: readonly PackedRun[]
  readonly outputs: readonly (readonly [
    topic: number,
    partition: number,
    sequence: number,
    count: number,
    piece: PackedPiece,
  ])[]
  readonly sinks: readonly (readonly [sink: number, piece: PackedPiece])[]
  readonly sequences: readonly (readonly [topic: number, partition: number, next: number])[]
  readonly nextTimer: number | null
  readonly published: number
  readonly counters: TaskCounters
}

/** Texts that are named by their place. */
class Names {
  readonly all: string[] = []
  readonly #places = new Map<string, number>()

  place(name: string): number {
    const known = this.#places.get(name)
    if (known !== undefined) return known
    const place = this.all.push(name) - 1
    this.#places.set(name, place)
    return place
  }
}

/**
 * The item of a commit record. `kind` is an attribute of its own, so that people see it; all else is one binary
 * attribute, MessagePack with the fields' names, so that a later version may add some.
 */
export function commitItem(task: TaskId, record: CommitRecord): Item {
  const { seq, kind, commitId } = record
  return {
    pk: taskKey(task),
    sk: commitKey(seq),
    version: commitId,
    fields: { v: COMMIT_FORMAT, kind, record: packState(packRecord(task, record)) },
  }
}

function packRecord(task: TaskId, record: CommitRecord): Packed {
  const [topics, uids, keys] = [new Names(), new Names(), new Names()]
  const prefix = objectPrefix(task.job)
  const pieceOf = (piece: Piece): PackedPiece => {
    if (piece.kind === "inline") return piece.bytes
    const { key, offset, length, crc } = piece
    return [keys.place(key.startsWith(prefix) ? key.slice(prefix.length) : key), offset, length, crc]
  }
  return {
    time: record.time,
    inputs: record.inputs.map((input): PackedInput => {
      const { uid, topicId, partition, next, maxTimestamp, idle, ended, mark, end } = input
      const flags = (idle ? IDLE : 0) | (ended ? ENDED : 0)
      const place = [uids.place(uid), topics.place(topicId)] as const
      return [...place, partition, next, maxTimestamp, flags, mark ?? null, end ?? null]
    }),
    times: record.times.map(({ watermark, idle }) => [watermark, idle]),
    runs: record.runs.map(({ level, seq, entries, bytes, piece, groups, heap, without }): PackedRun => {
      return [level, seq, entries, bytes, pieceOf(piece), groups ?? null, heap ?? null, without ?? null]
    }),
    outputs: record.outputs.map(({ topicId, partition, sequence, count, piece }) => {
      return [topics.place(topicId), partition, sequence, count, pieceOf(piece)]
    }),
    sinks: record.sinks.map(({ sink, piece }) => [sink, pieceOf(piece)]),
    sequences: Object.entries(record.sequences).map(([id, next]) => {
      const at = id.lastIndexOf("#")
      return [topics.place(id.slice(0, at)), Number(id.slice(at + 1)), next]
    }),
    nextTimer: record.nextTimer ?? null,
    published: record.published,
    counters: record.counters,
    topics: topics.all,
    uids: uids.all,
    keys: keys.all,
  }
}

/** Throws `StorageError` `unknown_format`, `corrupt`. */
export function readCommit(item: Item): CommitRecord {
  const { v, kind, record } = item.fields
  const where = `commit record ${item.pk} ${item.sk}`
  if (v !== COMMIT_FORMAT) {
    throw new StorageError("unknown_format", `${where}: format ${v}, expected ${COMMIT_FORMAT}`)
  }
  if ((kind !== "commit" && kind !== "sealed") || !(record instanceof Uint8Array)) {
    throw new StorageError("corrupt", `${where}: no record in it`)
  }
  const [, job] = item.pk.split("#")
  try {
    const rest = unpackRecord(job as string, unpackState(record) as Packed)
    return { ...rest, seq: Number(item.sk.slice(2)), kind, commitId: item.version }
  } catch (cause) {
    throw new StorageError("corrupt", `${where}: ${(cause as Error).message}`, { cause })
  }
}

function unpackRecord(job: string, packed: Packed): Omit<CommitRecord, "seq" | "kind" | "commitId"> {
  const topic = (place: number) => named(packed.topics, place)
  const pieceOf = (piece: PackedPiece): Piece => {
    if (piece instanceof Uint8Array) return { kind: "inline", bytes: piece }
    const [key, offset, length, crc] = piece
    return { kind: "object", key: objectPrefix(job) + named(packed.keys, key), offset, length, crc }
  }
  return {
    time: packed.time,
    inputs: packed.inputs.map(
      ([uid, topicId, partition, next, maxTimestamp, flags, mark, end]): StoredInput => ({
        uid: named(packed.uids, uid),
        topicId: topic(topicId),
        partition,
        next,
        maxTimestamp,
        idle: (flags & IDLE) !== 0,
        ended: (flags & ENDED) !== 0,
        ...(mark === null ? {} : { mark }),
        ...(end === null ? {} : { end }),
      }),
    ),
    times: packed.times.map(([watermark, idle]) => ({ watermark, idle })),
    runs: packed.runs.map(
      ([level, seq, entries, bytes, piece, groups, heap, without]): RunRef => ({
        level,
        seq,
        entries,
        bytes,
        piece: pieceOf(piece),
        ...(groups === null ? {} : { groups }),
        ...(heap === null ? {} : { heap }),
        ...(without === null ? {} : { without }),
      }),
    ),
    outputs: packed.outputs.map(([topicId, partition, sequence, count, piece]) => {
      return { topicId: topic(topicId), partition, sequence, count, piece: pieceOf(piece) }
    }),
    sinks: packed.sinks.map(([sink, piece]) => ({ sink, piece: pieceOf(piece) })),
    sequences: Object.fromEntries(
      packed.sequences.map(([topicId, partition, next]) => [`${topic(topicId)}#${partition}`, next]),
    ),
    nextTimer: packed.nextTimer ?? undefined,
    published: packed.published,
    counters: packed.counters,
  }
}

function named(names: readonly string[], place: number): string {
  const name = names[place]
  if (name === undefined) throw new RangeError(`no name at ${place}`)
  return name
}
