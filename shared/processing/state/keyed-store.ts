import { END_OF_TIME, type StateTable, type StateVisitor } from "../operator.ts"
import { KeyIndex } from "./key-index.ts"
import { type KeyId, type KeyPart, type KeyReader, keyGroup, keyParts } from "./keys.ts"
import { packState, unpackState } from "./packing.ts"
import { SubMap } from "./sub-map.ts"
import { ValueWriter } from "./value-writer.ts"

/** What tells a key's entries apart: a window's end, a name, a user's map key. */
export type SubKey = string | number

/** About what a map's entry and a small object take besides their content, bytes. */
const ENTRY_BYTES = 96

/** Forgotten keys that an index may hold, besides as many as there are keys. */
const FORGOTTEN_MIN = 1_024

/** One key of a stateful operator, and its entries. */
export class KeySlot<V> {
  readonly id: KeyId
  readonly entries = new SubMap<SubKey, V>()
  /** Entries changed or removed since the last commit, and whether it holds them: what came and went is not written. */
  changed: SubMap<SubKey, boolean> | undefined
  /** The entry that the operator was at last, where it keeps it here. */
  recent: V | undefined
  /** Whether the store has it: else it is forgotten, and another may take its place. */
  isKept = false
  /** The key's group; −1 until it is first written. */
  group = -1

  constructor(id: KeyId) {
    this.id = id
  }
}

/**
 * Entries of a stateful operator: by the records' key, then by a sub-key. Values are the operator's own objects; whoever
 * changes one in place says so with `touch`. Each entry is stored alone, so a commit writes what changed and no more.
 */
export class KeyedStore<V> implements StateTable {
  readonly keys: KeyReader
  readonly #slots = new Map<KeyId, KeySlot<V>>()
  /** The same by the parts of keys that have several, and maybe some that are forgotten. */
  readonly #byParts: KeyIndex<KeySlot<V>> | undefined
  #forgotten = 0
  #changed: KeySlot<V>[] = []
  readonly #pack: (value: V) => unknown
  readonly #write: ((value: V, out: ValueWriter) => boolean) | undefined
  readonly #unpack: (packed: unknown, sub: SubKey) => V
  readonly #onLoaded: () => void
  #keyBytes = 0
  #entries = 0
  #averageValueBytes = 16
  #commits = 0

  /**
   * @param options.pack makes what is stored of a value, plain data; `unpack` the reverse
   * @param options.write writes that at once, where it can: else false, and nothing written
   * @param options.loaded called when a stored state is whole again
   */
  constructor(
    keys: KeyReader,
    options: {
      readonly pack?: (value: V) => unknown
      readonly write?: (value: V, out: ValueWriter) => boolean
      readonly unpack?: (packed: unknown, sub: SubKey) => V
      readonly loaded?: () => void
    } = {},
  ) {
    this.keys = keys
    if (keys.partOf !== undefined) this.#byParts = new KeyIndex(keys.names.length)
    this.#pack = options.pack ?? (value => value)
    this.#write = options.write
    this.#unpack = options.unpack ?? (packed => packed as V)
    this.#onLoaded = options.loaded ?? (() => {})
  }

  /** The slot of a record's key, made if need be. Throws `ProcessingError` `bad_key`. */
  slotOf(record: unknown): KeySlot<V> {
    const { partOf } = this.keys
    const index = this.#byParts
    if (partOf === undefined || index === undefined) return this.slot(this.keys.idOf(record))
    const known = index.find(partOf, record)
    if (known?.isKept === true) return known
    const slot = this.slot(this.keys.idOf(record))
    index.set(partOf, record, slot)
    return slot
  }

  slot(id: KeyId): KeySlot<V> {
    let slot = this.#slots.get(id)
    if (slot === undefined) {
      slot = new KeySlot<V>(id)
      this.#keep(slot)
    }
    return slot
  }

  #keep(slot: KeySlot<V>): void {
    slot.isKept = true
    this.#slots.set(slot.id, slot)
    this.#keyBytes += typeof slot.id === "string" ? slot.id.length : 8
  }

  find(id: KeyId): KeySlot<V> | undefined {
    return this.#slots.get(id)
  }

  slots(): IterableIterator<KeySlot<V>> {
    return this.#slots.values()
  }

  /** Keys that have entries. */
  get size(): number {
    return this.#slots.size
  }

  partsOf(slot: KeySlot<V>): readonly KeyPart[] {
    return this.keys.partsOf(slot.id)
  }

  set(slot: KeySlot<V>, sub: SubKey, value: V): void {
    // A slot that lost its last entry was forgotten; whoever has it still may go on with it.
    if (slot.entries.size === 0 && !this.#slots.has(slot.id)) this.#keep(slot)
    const isStored = slot.entries.has(sub)
    if (!isStored) this.#entries++
    slot.entries.set(sub, value)
    this.#note(slot, sub, isStored)
  }

  /** Says that an entry's value was changed in place. */
  touch(slot: KeySlot<V>, sub: SubKey): void {
    this.#note(slot, sub, true)
  }

  #note(slot: KeySlot<V>, sub: SubKey, isStored: boolean): void {
    if (slot.changed === undefined) {
      slot.changed = new SubMap()
      this.#changed.push(slot)
    }
    if (!slot.changed.has(sub)) slot.changed.set(sub, isStored)
  }

  /** Counts commits: an entry that was touched in this one need not be again. */
  get commits(): number {
    return this.#commits
  }

  /** Gives an entry another sub-key. */
  rename(slot: KeySlot<V>, from: SubKey, to: SubKey): void {
    const value = slot.entries.get(from) as V
    this.set(slot, to, value)
    this.delete(slot, from)
  }

  delete(slot: KeySlot<V>, sub: SubKey): boolean {
    if (!slot.entries.delete(sub)) return false
    this.#entries--
    if (slot.changed?.get(sub) === false) slot.changed.delete(sub)
    else this.#note(slot, sub, true)
    if (slot.entries.size === 0) this.#forget(slot)
    return true
  }

  /** Forgets a key without entries: one that was only looked at. */
  release(slot: KeySlot<V>): void {
    if (slot.entries.size === 0 && this.#slots.get(slot.id) === slot) this.#forget(slot)
  }

  /** The slot stays with whoever still has it: its removed entries are yet to be written. */
  #forget(slot: KeySlot<V>): void {
    slot.isKept = false
    this.#slots.delete(slot.id)
    // Taking each out of the index would cost more than finding some anew.
    if (++this.#forgotten > this.#slots.size + FORGOTTEN_MIN) {
      this.#forgotten = 0
      this.#byParts?.clear()
    }
    this.#keyBytes -= typeof slot.id === "string" ? slot.id.length : 8
  }

  takeChanges(visit: StateVisitor): void {
    this.#commits++
    const changed = this.#changed
    this.#changed = []
    for (const slot of changed) {
      const subs = slot.changed
      slot.changed = undefined
      if (subs === undefined) continue
      this.#groupOf(slot)
      // A key that was forgotten and came back has a slot of its own, whose entries are the newer ones.
      const current = this.#slots.get(slot.id)
      for (const sub of subs.keys()) {
        if (current !== undefined && current !== slot && current.changed?.has(sub) === true) continue
        const holder = slot.entries.has(sub) ? slot : current
        this.#visit(visit, slot, sub, holder?.entries.get(sub))
      }
    }
  }

  readGroup(group: number, visit: StateVisitor): void {
    this.readGroups(group, group + 1, visit)
  }

  readGroups(from: number, to: number, visit: StateVisitor): void {
    for (const slot of this.#slots.values()) {
      const group = this.#groupOf(slot)
      if (group < from || group >= to) continue
      for (const [sub, value] of slot.entries) this.#visit(visit, slot, sub, value)
    }
  }

  load(_group: number, key: Uint8Array, value: Uint8Array | undefined): void {
    const [parts, sub] = splitEntryKey(key)
    const slot = this.slot(parts.length === 1 ? (parts[0] ?? null) : JSON.stringify(parts))
    if (value === undefined) {
      if (slot.entries.delete(sub)) this.#entries--
      if (slot.entries.size === 0) this.#forget(slot)
      return
    }
    if (!slot.entries.has(sub)) this.#entries++
    slot.entries.set(sub, this.#unpack(unpackState(value), sub))
  }

  loaded(): void {
    this.#onLoaded()
  }

  get bytes(): number {
    return this.#keyBytes * 2 + this.#entries * (ENTRY_BYTES + this.#averageValueBytes)
  }

  #visit(visit: StateVisitor, slot: KeySlot<V>, sub: SubKey, value: V | undefined): void {
    entry.clear()
    writeKey(this.keys.textOf(slot.id), sub)
    const keyEnd = entry.size
    if (value === undefined) {
      visit.entry(slot.group, entry.bytes, keyEnd, -1)
      return
    }
    if (this.#write?.(value, entry) !== true) entry.any(this.#pack(value))
    const { size } = entry
    // A moving average is enough: the figure warns, it does not account.
    this.#averageValueBytes += (size - keyEnd - this.#averageValueBytes) / 64
    visit.entry(slot.group, entry.bytes, keyEnd, size)
  }

  #groupOf(slot: KeySlot<V>): number {
    if (slot.group < 0) {
      entry.clear()
      const length = entry.utf8(this.keys.textOf(slot.id))
      slot.group = keyGroup(entry.bytes.subarray(0, length))
    }
    return slot.group
  }
}

const UINT32_MAX = 0xffffffff
/** Small numbers are their own byte. */
const FIXINT_MAX = 0x7f
/** One for all stores: an entry is written and handed on at once. */
const entry = new ValueWriter()

/** The key's length, its bytes, then the packed sub-key. */
function writeKey(text: string, sub: SubKey): void {
  entry.counted(text)
  // The same bytes as ever: whole numbers above 32 bits are 64-bit floats. A window's end is one, mostly.
  const isTime = typeof sub === "number" && sub > UINT32_MAX && sub < END_OF_TIME
  const isSmall = typeof sub === "number" && sub >= 0 && sub <= FIXINT_MAX && Number.isInteger(sub)
  // −0 is 0.
  if (isTime || isSmall) entry.number(sub + 0)
  else entry.raw(packState(sub))
}

/** The stored key of an entry. @param text the parts as a JSON array */
export function entryKey(text: string, sub: SubKey): Uint8Array {
  entry.clear()
  writeKey(text, sub)
  return Uint8Array.from(entry.bytes.subarray(0, entry.size))
}

/** The parts of a stored entry's key, and its sub-key. */
export function splitEntryKey(bytes: Uint8Array): [parts: KeyPart[], sub: SubKey] {
  // A DataView for each entry would cost more than its four bytes.
  const at = (index: number) => bytes[index] as number
  const length = ((at(0) << 24) | (at(1) << 16) | (at(2) << 8) | at(3)) >>> 0
  const parts = keyParts(bytes.subarray(4, 4 + length))
  const sub = bytes[4 + length] as number
  // A small number is its own byte.
  const isSmall = bytes.length === 5 + length && sub < 0x80
  return [parts, isSmall ? sub : (unpackState(bytes.subarray(4 + length)) as SubKey)]
}
