import { crc32c } from "../../log/records/index.ts"
import { uploadObject } from "../../log/upload.ts"
import { StorageError } from "../../storage/errors.ts"
import { notAfter } from "../../storage/not-after.ts"
import { readAgain, settlePut } from "../../storage/settle.ts"
import type { Ports } from "../../storage/time.ts"
import type { LoadedRun } from "../engine/engine.ts"
import { baseSeqs, mergeDue, mergeRuns, renewDue, withoutObsolete } from "../state/run-levels.ts"
import type { CommitDraft, CommitRecord, Piece, RunRef, TaskId } from "./commit.ts"
import { commitItem, commitKey, HEAD_FIRST, readCommit, taskKey } from "./commit-codec.ts"

/** DynamoDB bills an item by the KB written: above this an object is cheaper. */
export const COMMIT_INLINE_BYTES_MAX = 8 * 1024
/** Ranged reads that lie this close in one object are made as one. */
const READ_GAP_BYTES_MAX = 64 * 1024

export interface CommitStoreOptions {
  /** Larger pieces lie in an object. Default `COMMIT_INLINE_BYTES_MAX`. */
  readonly inlineBytesMax?: number
}

/** The last record of a chain, and the store's date of the read. */
export interface HeadRead {
  readonly head: CommitRecord | undefined
  readonly date: number
}

export type CommitOutcome =
  | { readonly outcome: "committed"; readonly record: CommitRecord; readonly date: number }
  /** Another record stands in this place: the work is to be thrown away. */
  | { readonly outcome: "lost" }
  /** It may stand: the chain is to be read again before anything else is done. */
  | { readonly outcome: "unknown" }

export interface CommitRequest {
  readonly task: TaskId
  /** What the new record follows; undefined: it is the first. */
  readonly head: CommitRecord | undefined
  /** The runs that the first record of a generation begins with. */
  readonly startRuns?: readonly RunRef[]
  /** The store's date of the oldest read that this rests on. */
  readonly viewDate: number
  readonly draft: CommitDraft
  /** The highest seq known to be published. */
  readonly published: number
  /** The state's bytes in memory, about. */
  readonly stateBytes: number
  /** Key groups of the state as it is now, whole, as a run. */
  readonly writeGroups: (from: number, to: number) => Uint8Array
}

/** Reads and writes tasks' chains of commit records. */
export class CommitStore {
  readonly #ports: Ports
  readonly #inlineBytesMax: number

  constructor(ports: Ports, options: CommitStoreOptions = {}) {
    this.#ports = ports
    this.#inlineBytesMax = options.inlineBytesMax ?? COMMIT_INLINE_BYTES_MAX
  }

  async head(task: TaskId): Promise<HeadRead> {
    const query = { pk: taskKey(task), ...HEAD_FIRST, descending: true, limit: 1 }
    const page = await readAgain(this.#ports, () => this.#ports.meta.queryPage("meta", query))
    const [item] = page.items
    return { head: item === undefined ? undefined : readCommit(item), date: page.date }
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

  /** The bytes of pieces, those of one object in few reads. Throws `StorageError` `corrupt`. */
  async pieces(pieces: readonly Piece[]): Promise<readonly Uint8Array[]> {
    const read = new Map<Piece, Uint8Array>()
    const byObject = new Map<string, Extract<Piece, { kind: "object" }>[]>()
    for (const piece of pieces) {
      if (piece.kind === "inline") read.set(piece, piece.bytes)
      else byObject.set(piece.key, [...(byObject.get(piece.key) ?? []), piece])
    }
    await Promise.all([...byObject].map(([key, within]) => this.#readObject(key, within, read)))
    return pieces.map(piece => read.get(piece) as Uint8Array)
  }

  async #readObject(
    key: string,
    pieces: readonly Extract<Piece, { kind: "object" }>[],
    into: Map<Piece, Uint8Array>,
  ): Promise<void> {
    const sorted = [...pieces].sort((left, right) => left.offset - right.offset)
    for (let first = 0; first < sorted.length; ) {
      const start = sorted[first]?.offset ?? 0
      let end = start
      let last = first
      for (; last < sorted.length; last++) {
        const piece = sorted[last] as Extract<Piece, { kind: "object" }>
        if (last > first && piece.offset - end > READ_GAP_BYTES_MAX) break
        end = Math.max(end, piece.offset + piece.length)
      }
      const got = await readAgain(this.#ports, () => this.#ports.objects.get(key, { start, end }))
      for (const piece of sorted.slice(first, last)) {
        const bytes = got?.body.subarray(piece.offset - start, piece.offset - start + piece.length)
        if (bytes === undefined || bytes.length !== piece.length || crc32c(bytes) !== piece.crc) {
          throw new StorageError(
            "corrupt",
            `object ${key}, ${piece.length} bytes from ${piece.offset}: not what was stored`,
          )
        }
        into.set(piece, bytes)
      }
      first = last
    }
  }

  /** The state that a record stands for, oldest run first. */
  async state(runs: readonly RunRef[]): Promise<readonly LoadedRun[]> {
    const bytes = await this.pieces(runs.map(({ piece }) => piece))
    return runs.map((ref, index) => ({ ...ref, run: bytes[index] as Uint8Array }))
  }

  /**
   * Stores a batch of work as the next record. Runs are merged and key groups renewed by the way, so that recovery stays
   * short. One object at most, one item.
   */
  async commit(request: CommitRequest): Promise<CommitOutcome> {
    const { task, head, draft } = request
    const seq = head === undefined ? 0 : head.seq + 1
    const body = new PieceWriter()
    const runs = await this.#runsAfter(request, seq, body)
    const outputs = draft.outputs.map(({ bytes, ...ref }) => ({ ...ref, piece: body.add(bytes) }))
    const sinks = draft.sinks.map(({ sink, records }) => ({ sink, piece: body.add(records) }))
    const uploads: number[] = []
    if (body.bytes > this.#inlineBytesMax) {
      const key = `job/${task.job}/${task.generation}/${task.stage}-${task.index}/${seq}-${this.#ports.random.id()}`
      uploads.push(await uploadObject(this.#ports, key, body.parts))
      body.placeIn(key)
    } else body.placeInline()
    const placed = (piece: Piece) => body.placed(piece)
    const record: CommitRecord = {
      seq,
      kind: "commit",
      commitId: this.#ports.random.id(),
      time: request.viewDate,
      inputs: draft.inputs,
      times: draft.times,
      runs: runs.map(run => ({ ...run, piece: placed(run.piece) })),
      outputs: outputs.map(output => ({ ...output, piece: placed(output.piece) })),
      sinks: sinks.map(sink => ({ ...sink, piece: placed(sink.piece) })),
      sequences: draft.sequences,
      nextTimer: draft.nextTimer,
      published: request.published,
      counters: draft.counters,
    }
    return this.#put(task, record, notAfter(request.viewDate, uploads))
  }

  /** Puts a seal after the head: it carries everything on and gives nothing out. */
  async seal(
    task: TaskId,
    { head, date }: HeadRead,
    published: number,
    start?: CommitRecord,
  ): Promise<CommitOutcome> {
    const from = head ?? start
    const record: CommitRecord = {
      seq: head === undefined ? 0 : head.seq + 1,
      kind: "sealed",
      commitId: this.#ports.random.id(),
      time: date,
      inputs: from?.inputs ?? [],
      times: from?.times ?? [],
      runs: from?.runs ?? [],
      outputs: [],
      sinks: [],
      sequences: head?.sequences ?? {},
      nextTimer: from?.nextTimer,
      published,
      counters: from?.counters ?? {
        recordsIn: 0,
        recordsOut: 0,
        late: 0,
        duplicate: 0,
        expired: 0,
        skipped: 0,
      },
    }
    return this.#put(task, record, notAfter(date))
  }

  async #put(task: TaskId, record: CommitRecord, until: number): Promise<CommitOutcome> {
    const settled = await settlePut(this.#ports, "meta", commitItem(task, record), {
      condition: { absent: true },
      notAfter: until,
    })
    if (settled.outcome === "committed") return { outcome: "committed", record, date: settled.date }
    return { outcome: settled.outcome === "refused" && settled.reason === "exists" ? "lost" : "unknown" }
  }

  /** The runs of the next record: those before it, less what is obsolete, and what this commit adds, merges and renews. */
  async #runsAfter(request: CommitRequest, seq: number, body: PieceWriter): Promise<readonly RunRef[]> {
    const { head, startRuns = [], draft } = request
    let runs: RunRef[] = [...(head?.runs ?? startRuns)]
    if (draft.change === undefined) return runs
    const { run, entries } = draft.change
    const renewed = renewDue([...runs, { level: 0, seq, bytes: run.length }], request.stateBytes)
    if (renewed !== undefined) {
      const bytes = request.writeGroups(...renewed)
      const [from, to] = renewed
      runs.push({
        level: -1,
        seq,
        entries: 0,
        bytes: bytes.length,
        groups: [from, to],
        piece: body.add(bytes),
      })
    }
    runs.push({ level: 0, seq, entries, bytes: run.length, piece: body.add(run) })
    runs = withoutObsolete(runs)
    for (let due = mergeDue(runs); due.length > 0; due = mergeDue(runs)) {
      const read = await this.#bytesOf(due, body)
      const merged = mergeRuns(read, baseSeqs(runs))
      const level = (due[0] as RunRef).level + 1
      const newest = Math.max(...due.map(each => each.seq))
      const at = runs.indexOf(due[0] as RunRef)
      runs = runs.filter(each => !due.includes(each))
      for (const { piece } of due) body.drop(piece)
      runs.splice(at, 0, {
        level,
        seq: newest,
        entries: merged.entries,
        bytes: merged.run.length,
        piece: body.add(merged.run),
      })
    }
    return runs
  }

  async #bytesOf(
    due: readonly RunRef[],
    body: PieceWriter,
  ): Promise<readonly { seq: number; bytes: Uint8Array }[]> {
    const stored = due.filter(({ piece }) => !body.holds(piece))
    const read = await this.pieces(stored.map(({ piece }) => piece))
    return due.map(ref => ({
      seq: ref.seq,
      bytes: body.bytesOf(ref.piece) ?? (read[stored.indexOf(ref)] as Uint8Array),
    }))
  }
}

/** Collects the pieces of one commit; where they lie is decided once all are known. */
class PieceWriter {
  readonly #pieces = new Map<Piece, Uint8Array>()
  #placed = new Map<Piece, Piece>()

  /** A stand-in until `placeIn` or `placeInline`. */
  add(bytes: Uint8Array): Piece {
    const piece: Piece = { kind: "inline", bytes }
    this.#pieces.set(piece, bytes)
    return piece
  }

  /** Forgets a piece that another one took in. */
  drop(piece: Piece): void {
    this.#pieces.delete(piece)
  }

  holds(piece: Piece): boolean {
    return this.#pieces.has(piece)
  }

  bytesOf(piece: Piece): Uint8Array | undefined {
    return this.#pieces.get(piece)
  }

  get bytes(): number {
    let bytes = 0
    for (const piece of this.#pieces.values()) bytes += piece.length
    return bytes
  }

  get parts(): readonly Uint8Array[] {
    return [...this.#pieces.values()]
  }

  placeInline(): void {
    this.#placed = new Map()
  }

  placeIn(key: string): void {
    let offset = 0
    for (const [piece, bytes] of this.#pieces) {
      this.#placed.set(piece, { kind: "object", key, offset, length: bytes.length, crc: crc32c(bytes) })
      offset += bytes.length
    }
  }

  placed(piece: Piece): Piece {
    return this.#placed.get(piece) ?? piece
  }
}
