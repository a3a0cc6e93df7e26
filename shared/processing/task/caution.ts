import { RecordCursor } from "../../log/records/index.ts"
import type { EngineBatch, PoisonRecord } from "../engine/engine.ts"
import { type DeathNotes, NO_DEATHS, OwnDeaths, type Suspect } from "./deaths.ts"

/** Once a worker has died a batch of work has so many records at most: few commits for what one batch was before … */
export const CAREFUL_RECORDS = 256
/** … until so many have passed: more than a batch that is bounded by its bytes can have. */
export const CAREFUL_FOR_RECORDS = 1_000_000
/** After so many deaths in a row records are worked one by one, each noted before: of the careful batch, and no more. */
export const DEATHS_ALONE = 2
/** A record that so many workers in a row died of, alone, is poison: of one, by chance, any may. */
export const DEATHS_OF_ONE = 2
/** So many in a row without a record that was got past fail the job: fewer may be the machine's fault, or the network's. */
export const DEATHS_MAX = 10
/** After so many suspects in a row the job fails, whatever its policy: it is not the records. */
export const LEFT_OUT_MAX = 3

/** What of a suspect is shown, characters. */
const SHOWN_MAX = 1_000

const decoder = new TextDecoder()

/**
 * Narrows down what kills a task's workers: a function that does not return, ends its process or takes all memory tells
 * nobody. After a death batches are small; after a second one each record is worked alone, and noted while it is; one that
 * two workers die of is poison, as if a function had thrown on it. What got past all that is safe.
 */
export class Caution {
  readonly #notes: DeathNotes
  readonly #deathsMax: number
  #passed = 0

  constructor(notes: DeathNotes = new OwnDeaths(), deathsMax: number = DEATHS_MAX) {
    this.#notes = notes
    this.#deathsMax = deathsMax
  }

  /** The records of the next batch of work, at most; undefined: nothing is the matter. */
  get recordsMax(): number | undefined {
    const { deaths } = this.#notes.note
    if (deaths === 0) return undefined
    return deaths < DEATHS_ALONE ? CAREFUL_RECORDS : 1
  }

  /** What is to be read first. */
  get suspect(): Suspect | undefined {
    return this.#notes.note.suspect
  }

  /** Why the task is not to be tried again; undefined: it is. */
  get giveUp(): string | undefined {
    const { deaths, suspect, error = UNKNOWN } = this.#notes.note
    if (deaths < this.#deathsMax || suspect !== undefined) return undefined
    return `its worker died ${deaths} times in a row, not always at one record: ${error}`
  }

  /** Before a batch is worked. The poison: its one record is what the last worker died of. */
  async meet(batches: readonly EngineBatch[]): Promise<PoisonRecord | undefined> {
    if (this.recordsMax !== 1) return undefined
    const { note } = this.#notes
    const first = firstRecord(batches)
    if (first === undefined) {
      await this.survived()
      return undefined
    }
    const { record, ...at } = first
    const times = note.suspect !== undefined && isAt(note.suspect, at) ? (note.times ?? 0) : 0
    if (times >= DEATHS_OF_ONE && note.deaths > DEATHS_ALONE) {
      const error = `the worker died ${note.deaths} times in a row: ${note.error ?? UNKNOWN}`
      return { ...at, error, record }
    }
    await this.#notes.store({ ...note, suspect: at, times: times + 1 })
    return undefined
  }

  /** The batch is worked: who dies now dies of something else. */
  async survived(): Promise<void> {
    const { suspect, times: _, ...rest } = this.#notes.note
    if (suspect !== undefined) await this.#notes.store(rest)
  }

  /** A suspect is to be left out. False: too many were. */
  leaveOut(): boolean {
    const leftOut = this.#notes.note.leftOut + 1
    if (leftOut >= LEFT_OUT_MAX) return false
    const { suspect: _, times: __, ...rest } = this.#notes.note
    this.#notes.take({ ...rest, deaths: DEATHS_ALONE, leftOut })
    return true
  }

  /** @param isWhole nothing was left out */
  committed(records: number, isWhole: boolean): void {
    const { note } = this.#notes
    if (note.deaths === 0) return
    this.#passed += records
    if (this.#passed >= (note.deaths < DEATHS_ALONE ? CAREFUL_FOR_RECORDS : CAREFUL_RECORDS)) this.safe()
    else {
      const leftOut = isWhole ? 0 : note.leftOut
      this.#notes.take({ ...note, deaths: Math.min(note.deaths, DEATHS_ALONE), leftOut })
    }
  }

  /** The task has got past what its workers died of, or has failed of it. */
  safe(): void {
    this.#passed = 0
    if (this.#notes.note.deaths > 0) this.#notes.take(NO_DEATHS)
  }
}

const UNKNOWN = "a function ended its process, did not return, or took all memory"

/** As many records of the batches as are allowed; the others are to be read again. */
export function cutTo(batches: readonly EngineBatch[], recordsMax: number): readonly EngineBatch[] {
  const kept: EngineBatch[] = []
  let left = recordsMax
  for (const batch of batches) {
    if (left === 0) break
    const { next, records } = cutAfter(batch, left)
    left -= records
    kept.push(next === batch.next ? batch : { ...batch, next, ended: false })
  }
  return kept
}

function cutAfter(batch: EngineBatch, recordsMax: number): { next: number; records: number } {
  let records = 0
  for (const cursor of recordsOf(batch)) {
    records++
    if (records === recordsMax) return { next: cursor.offset + 1, records }
  }
  return { next: batch.next, records }
}

function firstRecord(batches: readonly EngineBatch[]): (Suspect & { readonly record: string }) | undefined {
  for (const batch of batches) {
    for (const { offset, buffer, valueStart, valueEnd } of recordsOf(batch)) {
      const record = decoder.decode(buffer.subarray(valueStart, valueEnd)).slice(0, SHOWN_MAX)
      return { topicId: batch.topicId, partition: batch.partition, offset, record }
    }
  }
  return undefined
}

/** A cursor at each record that an engine would take in. */
function* recordsOf({ batches, from, next }: EngineBatch): Generator<RecordCursor> {
  for (const bytes of batches) {
    const cursor = new RecordCursor(bytes)
    while (cursor.next()) {
      if (cursor.offset >= from && cursor.offset < next && cursor.valueStart >= 0) yield cursor
    }
  }
}

function isAt(left: Suspect, right: Suspect): boolean {
  return left.topicId === right.topicId && left.partition === right.partition && left.offset === right.offset
}
