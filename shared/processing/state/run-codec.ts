import { ByteReader, ByteWriter } from "../../log/packing.ts"
import { ProcessingError } from "../errors.ts"
import { KEY_GROUPS, type StateTable, type StateVisitor } from "../operator.ts"

const RUN_FORMAT = 1
/** What is written besides, about: buffers of this size seldom grow. */
const ENTRY_OVERHEAD_BYTES = 4
const SECTION_OVERHEAD_BYTES = 16
const RUN_OVERHEAD_BYTES = 1024

/** One entry of a run: of which operator, in which group; without a value it is removed. */
export type RunVisitor = (group: number, uid: string, key: Uint8Array, value: Uint8Array | undefined) => void

interface Section {
  readonly group: number
  readonly uid: number
  count: number
  readonly out: ByteWriter
}

/**
 * Writes a run: format, the operators' uids, then for each group and operator its entries, in ascending order of group
 * and uid; entries of a section in the order in which they were added.
 */
export class RunWriter {
  readonly #uids = new Map<string, number>()
  readonly #sections = new Map<number, Section>()
  entries = 0
  bytes = 0

  add(group: number, uid: string, key: Uint8Array, value: Uint8Array | undefined): void {
    const out = this.#section(group, uid, key.length + (value?.length ?? 0))
    out.unsigned(key.length)
    out.raw(key)
    out.unsigned(value === undefined ? 0 : value.length + 1)
    if (value !== undefined) out.raw(value)
  }

  /** An entry of which key and value lie one after the other; `end` −1: without a value. */
  entry(group: number, uid: string, bytes: Uint8Array, keyEnd: number, end: number): void {
    const out = this.#section(group, uid, Math.max(keyEnd, end))
    out.unsigned(keyEnd)
    out.range(bytes, 0, keyEnd)
    out.unsigned(end < 0 ? 0 : end - keyEnd + 1)
    if (end >= 0) out.range(bytes, keyEnd, end)
  }

  /** Where the next entry of a group and operator goes. */
  #section(group: number, uid: string, bytes: number): ByteWriter {
    let index = this.#uids.get(uid)
    if (index === undefined) {
      index = this.#uids.size
      this.#uids.set(uid, index)
    }
    const id = index * KEY_GROUPS + group
    let section = this.#sections.get(id)
    if (section === undefined) {
      section = { group, uid: index, count: 0, out: new ByteWriter(256) }
      this.#sections.set(id, section)
    }
    section.count++
    this.entries++
    this.bytes += bytes + ENTRY_OVERHEAD_BYTES
    return section.out
  }

  finish(): Uint8Array {
    const out = new ByteWriter(this.bytes + RUN_OVERHEAD_BYTES + this.#sections.size * SECTION_OVERHEAD_BYTES)
    out.byte(RUN_FORMAT)
    const uids = [...this.#uids.keys()]
    out.unsigned(uids.length)
    for (const uid of uids) out.text(uid)
    const sections = [...this.#sections.values()].sort(
      (left, right) => left.group - right.group || left.uid - right.uid,
    )
    out.unsigned(sections.length)
    for (const { group, uid, count, out: body } of sections) {
      const bytes = body.written()
      out.unsigned(group)
      out.unsigned(uid)
      out.unsigned(count)
      out.unsigned(bytes.length)
      out.raw(bytes)
    }
    return out.written()
  }
}

/** Reads a run's entries in their order. @param wants groups that are passed over, where it says no */
export function readRun(
  bytes: Uint8Array,
  visit: RunVisitor,
  wants: (group: number) => boolean = () => true,
): void {
  try {
    const from = new ByteReader(bytes)
    const format = from.byte()
    if (format !== RUN_FORMAT) {
      throw new ProcessingError("unknown_format", `state run: format ${format}, expected ${RUN_FORMAT}`)
    }
    const uids: string[] = []
    for (let left = from.unsigned(); left > 0; left--) uids.push(from.text())
    for (let left = from.unsigned(); left > 0; left--) readSection(from, uids, visit, wants)
    if (!from.atEnd()) throw new RangeError("bytes after the last section")
  } catch (error) {
    if (!(error instanceof RangeError)) throw error
    throw new ProcessingError("corrupt", `state run: ${error.message}`, { cause: error })
  }
}

function readSection(
  from: ByteReader,
  uids: readonly string[],
  visit: RunVisitor,
  wants: (group: number) => boolean,
): void {
  const group = from.unsigned()
  const uid = uids[from.unsigned()]
  const count = from.unsigned()
  const body = new ByteReader(from.raw(from.unsigned()))
  if (uid === undefined || group >= KEY_GROUPS) throw new RangeError(`group ${group}, operator ${uid}`)
  if (!wants(group)) return
  for (let left = count; left > 0; left--) {
    const key = body.raw(body.unsigned())
    const length = body.unsigned()
    visit(group, uid, key, length === 0 ? undefined : body.raw(length - 1))
  }
  if (!body.atEnd()) throw new RangeError("bytes after a section's last entry")
}

/** What changed in all operators since the last call, as a run; undefined: nothing. */
export function takeChanges(
  states: ReadonlyMap<string, StateTable>,
): { run: Uint8Array; entries: number } | undefined {
  const writer = new RunWriter()
  for (const [uid, table] of states) table.takeChanges(sectionOf(writer, uid))
  return writer.entries === 0 ? undefined : { run: writer.finish(), entries: writer.entries }
}

/** Groups `from` to `to` − 1 of all operators, whole, as a run. */
export function takeGroups(states: ReadonlyMap<string, StateTable>, from: number, to: number): Uint8Array {
  const writer = new RunWriter()
  for (const [uid, table] of states) {
    const visit = sectionOf(writer, uid)
    if (table.readGroups !== undefined) table.readGroups(from, to, visit)
    else for (let group = from; group < to; group++) table.readGroup(group, visit)
  }
  return writer.finish()
}

function sectionOf(writer: RunWriter, uid: string): StateVisitor {
  return { entry: (group, bytes, keyEnd, end) => writer.entry(group, uid, bytes, keyEnd, end) }
}
