import { uploadObject } from "../../log/upload.ts"
import { StorageError } from "../../storage/errors.ts"
import { itemBytes } from "../../storage/item-size.ts"
import type { Item } from "../../storage/meta-store.ts"
import { notAfter } from "../../storage/not-after.ts"
import { readAgain, settlePut } from "../../storage/settle.ts"
import type { Ports } from "../../storage/time.ts"
import type { LoadedRun } from "../engine/engine.ts"
import {
  type CommitDraft,
  type CommitRecord,
  NO_COUNTERS,
  type Piece,
  type RunRef,
  type StoredInput,
  type TaskId,
} from "./commit.ts"
import { CHAIN, commitItem, commitKey, objectKey, readCommit, taskKey } from "./commit-codec.ts"
import { nextRuns } from "./next-runs.ts"
import { PieceCache, PieceWriter, readPieces } from "./pieces.ts"

/** DynamoDB bills an item by the KB written: above this an object is cheaper. */
export const COMMIT_INLINE_BYTES_MAX = 8 * 1024
/** Bytes of runs that one store keeps in memory, so that merging them reads nothing. */
export const RUN_CACHE_BYTES_MAX = 64 * 1024 * 1024

export interface CommitStoreOptions {
  /** A larger record puts its pieces in an object. Default `COMMIT_INLINE_BYTES_MAX`. */
  readonly inlineBytesMax?: number
  /** Default `RUN_CACHE_BYTES_MAX`. */
  readonly cacheBytesMax?: number
}

/** The last record of a chain, and the store's date of the read. */
export interface HeadRead {
  readonly head: CommitRecord | undefined
  readonly date: number
}

export type CommitOutcome =
  | {
      readonly outcome: "committed"
      readonly record: CommitRecord
      readonly date: number
      readonly bytes: number
    }
  /** Another record stands in this place: the work is to be thrown away. */
  | { readonly outcome: "lost" }
  /** It may stand: the chain is to be read again before anything else is done. */
  | { readonly outcome: "unknown" }

/** What a new record follows, and how fresh the knowledge is that it does. */
export interface CommitBase {
  readonly task: TaskId
  /** The new record's. */
  readonly seq: number
  /** The runs of the record before it, or of what the generation starts from. */
  readonly runs: readonly RunRef[]
  /** Store time at which the record before it was known to stand, epoch ms. */
  readonly time: number
  /** Store time of the oldest read that this rests on: the job item's too. */
  readonly viewDate: number
  /** The highest seq known to be published. */
  readonly published: number
}

export interface CommitRequest extends CommitBase {
  readonly draft: Omit<CommitDraft, "inputs">
  readonly inputs: readonly StoredInput[]
  /** The state's bytes in memory, about. */
  readonly stateBytes: number
  /** Key groups of the state as it is now, whole, as a run. */
  readonly writeGroups: (from: number, to: number) => Uint8Array | Promise<Uint8Array>
}

/** Reads and writes tasks' chains of commit records. One process needs one. */
export class CommitStore {
  readonly #ports: Ports
  readonly #inlineBytesMax: number
  readonly #cache: PieceCache

  constructor(ports: Ports, options: CommitStoreOptions = {}) {
    this.#ports = ports
    this.#inlineBytesMax = options.inlineBytesMax ?? COMMIT_INLINE_BYTES_MAX
    this.#cache = new PieceCache(options.cacheBytesMax ?? RUN_CACHE_BYTES_MAX)
  }

  async head(task: TaskId): Promise<HeadRead> {
    const query = { pk: taskKey(task), ...CHAIN, descending: true, limit: 1 }
    let after: string | undefined
    for (;;) {
      const page = await readAgain(this.#ports, () => this.#ports.meta.queryPage("meta", query, after))
      const [item] = page.items
      if (item !== undefined) return { head: readCommit(item), date: page.date }
      if (page.next === undefined) return { head: undefined, date: page.date }
      after = page.next
    }
  }

  /** The records from one seq to another, both included, in order. Throws `StorageError` `corrupt` where one is missing. */
  async records(task: TaskId, from: number, to: number): Promise<readonly CommitRecord[]> {
    const found: CommitRecord[] = []
    let after: string | undefined
    do {
      const query = { pk: taskKey(task), from: commitKey(from), to: commitKey(to) }
      const page = await readAgain(this.#ports, () => this.#ports.meta.queryPage("meta", query, after))
      for (const item of page.items) found.push(readCommit(item))
      after = page.next
    } while (after !== undefined)
    if (found.length !== to - from + 1) {
      throw new StorageError(
        "corrupt",
        `${taskKey(task)}: expected records ${from} to ${to}, found ${found.length}`,
      )
    }
    return found
  }

  async record(task: TaskId, seq: number): Promise<CommitRecord | undefined> {
    const key = { pk: taskKey(task), sk: commitKey(seq) }
    const { item } = await readAgain(this.#ports, () => this.#ports.meta.get("meta", key))
    return item === undefined ? undefined : readCommit(item)
  }

  /** The bytes of pieces, those of one object in few reads. Throws `StorageError` `corrupt`, `unavailable`. */
  pieces(pieces: readonly Piece[]): Promise<readonly Uint8Array[]> {
    return readPieces(this.#ports, pieces)
  }

  /** The runs of a state, read: those that this process has in memory are not asked for. */
  async state(runs: readonly RunRef[]): Promise<readonly LoadedRun[]> {
    const bytes = await this.#runBytes(runs)
    return runs.map((ref, index) => ({ ...ref, run: bytes[index] as Uint8Array }))
  }

  async #runBytes(runs: readonly RunRef[]): Promise<readonly Uint8Array[]> {
    const missing = runs.filter(({ piece }) => this.#cache.get(piece) === undefined)
    const read = await readPieces(
      this.#ports,
      missing.map(({ piece }) => piece),
    )
    const found = new Map(missing.map(({ piece }, index) => [piece, read[index] as Uint8Array] as const))
    const bytes = runs.map(({ piece }) => found.get(piece) ?? (this.#cache.get(piece) as Uint8Array))
    for (const { level, piece } of missing) {
      if (level >= 0) this.#cache.keep(piece, found.get(piece) as Uint8Array)
    }
    return bytes
  }

  /**
   * Stores a batch of work as the next record. Runs are merged and key groups renewed by the way, so that recovery stays
   * short. One object at most, one item. Throws `StorageError` `unavailable` when the object cannot be stored.
   */
  async commit(request: CommitRequest): Promise<CommitOutcome> {
    const { seq, draft } = request
    const body = new PieceWriter()
    const bytesOf = (runs: readonly RunRef[]) => this.#runBytes(runs)
    const { change } = draft
    const runs = await nextRuns({ ...request, before: request.runs, change, bytesOf }, body)
    const record: CommitRecord = {
      seq,
      kind: "commit",
      commitId: this.#ports.random.id(),
      time: request.time,
      inputs: request.inputs,
      times: draft.times,
      runs,
      outputs: draft.outputs.map(({ bytes, ...ref }) => ({ ...ref, piece: body.add(bytes) })),
      sinks: draft.sinks.map(({ sink, records }) => ({ sink, piece: body.add(records) })),
      sequences: draft.sequences,
      nextTimer: draft.nextTimer,
      published: request.published,
      counters: draft.counters,
    }
    const placed = await this.#place(request.task, record, body)
    const answer = await this.#put(placed.item, placed.record, notAfter(request.viewDate, placed.uploads))
    if (answer.outcome !== "committed") return answer
    this.#keep(request.runs, placed.record.runs, body, record.runs)
    return { ...answer, bytes: itemBytes(placed.item) + placed.bytes }
  }

  /** The item itself, if it is small enough, else with its pieces in an object. */
  async #place(
    task: TaskId,
    record: CommitRecord,
    body: PieceWriter,
  ): Promise<{ record: CommitRecord; item: Item; uploads: readonly number[]; bytes: number }> {
    if (body.bytes <= this.#inlineBytesMax) {
      const item = commitItem(task, record)
      if (body.bytes === 0 || itemBytes(item) <= this.#inlineBytesMax)
        return { record, item, uploads: [], bytes: 0 }
    }
    // What earlier records carry inline moves into the object too: each record would carry it on.
    const runs = record.runs.map(run => {
      const { piece } = run
      if (piece.kind === "object" || body.bytesOf(piece) !== undefined) return run
      return { ...run, piece: body.add(piece.bytes) }
    })
    const key = objectKey(task, record.seq, this.#ports.random.id())
    const uploaded = await uploadObject(this.#ports, key, body.parts)
    const place = body.placeIn(key)
    const placed: CommitRecord = {
      ...record,
      runs: runs.map(run => ({ ...run, piece: place(run.piece) })),
      outputs: record.outputs.map(output => ({ ...output, piece: place(output.piece) })),
      sinks: record.sinks.map(sink => ({ ...sink, piece: place(sink.piece) })),
    }
    return { record: placed, item: commitItem(task, placed), uploads: [uploaded], bytes: body.bytes }
  }

  /** Keeps the changes that the next records may merge, and lets go of those that are gone. */
  #keep(
    before: readonly RunRef[],
    after: readonly RunRef[],
    body: PieceWriter,
    unplaced: readonly RunRef[],
  ): void {
    for (const [index, { level, piece }] of after.entries()) {
      const own = (unplaced[index] as RunRef).piece
      const bytes = own.kind === "inline" ? own.bytes : body.bytesOf(own)
      if (level >= 0 && bytes !== undefined) this.#cache.keep(piece, bytes)
    }
    const kept = new Set(after.map(({ piece }) => piece))
    for (const { piece } of before) if (!kept.has(piece)) this.#cache.forget(piece)
  }

  /**
   * Puts a seal: it carries on what the record before it (undefined: what the generation starts from, or nothing) says,
   * and gives nothing out.
   */
  seal(
    base: CommitBase,
    from: CommitRecord | undefined,
    sequences: CommitRecord["sequences"],
  ): Promise<CommitOutcome> {
    const record: CommitRecord = {
      seq: base.seq,
      kind: "sealed",
      commitId: this.#ports.random.id(),
      time: base.time,
      inputs: from?.inputs ?? [],
      times: from?.times ?? [],
      runs: base.runs,
      outputs: [],
      sinks: [],
      sequences,
      nextTimer: from?.nextTimer,
      published: base.published,
      counters: from?.counters ?? NO_COUNTERS,
    }
    return this.#put(commitItem(base.task, record), record, notAfter(base.viewDate))
  }

  async #put(item: Item, record: CommitRecord, until: number): Promise<CommitOutcome> {
    const settled = await settlePut(this.#ports, "meta", item, {
      condition: { absent: true },
      notAfter: until,
    })
    if (settled.outcome === "committed") {
      return { outcome: "committed", record, date: settled.date, bytes: itemBytes(item) }
    }
    return { outcome: settled.outcome === "refused" && settled.reason === "exists" ? "lost" : "unknown" }
  }
}
