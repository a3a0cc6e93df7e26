import type { StateTable, StateVisitor } from "../operator.ts"
import { entryKey } from "./keyed-store.ts"
import { keyBytes, keyGroup } from "./keys.ts"
import { unpackState } from "./packing.ts"
import { ValueWriter } from "./value-writer.ts"

// The key without parts is nobody's.
const KEY = entryKey("[]", 0)
const GROUP = keyGroup(keyBytes([]))

/** A table with a number beside its keys' entries: of the operator, as far as this task has come. −∞ is not stored. */
export class MarkedTable implements StateTable {
  readonly #table: StateTable
  readonly #mark: { get(): number; load(mark: number): void }
  #taken = Number.NEGATIVE_INFINITY

  constructor(table: StateTable, mark: { get(): number; load(mark: number): void }) {
    this.#table = table
    this.#mark = mark
  }

  takeChanges(visit: StateVisitor): void {
    this.#table.takeChanges(visit)
    const mark = this.#mark.get()
    if (mark === this.#taken) return
    this.#taken = mark
    visitMark(visit, mark)
  }

  readGroup(group: number, visit: StateVisitor): void {
    this.#table.readGroup(group, visit)
    this.#readMark(group, group + 1, visit)
  }

  readGroups(from: number, to: number, visit: StateVisitor): void {
    if (this.#table.readGroups !== undefined) this.#table.readGroups(from, to, visit)
    else for (let group = from; group < to; group++) this.#table.readGroup(group, visit)
    this.#readMark(from, to, visit)
  }

  #readMark(from: number, to: number, visit: StateVisitor): void {
    const mark = this.#mark.get()
    if (GROUP >= from && GROUP < to && mark !== Number.NEGATIVE_INFINITY) visitMark(visit, mark)
  }

  load(group: number, key: Uint8Array, value: Uint8Array | undefined): void {
    if (group !== GROUP || Buffer.compare(key, KEY) !== 0) {
      this.#table.load(group, key, value)
      return
    }
    if (value === undefined) return
    this.#taken = unpackState(value) as number
    this.#mark.load(this.#taken)
  }

  loaded(): void {
    this.#table.loaded()
  }

  get bytes(): number {
    return this.#table.bytes
  }
}

function visitMark(visit: StateVisitor, mark: number): void {
  const entry = new ValueWriter()
  entry.raw(KEY)
  entry.any(mark)
  visit.entry(GROUP, entry.bytes, KEY.length, entry.size)
}
