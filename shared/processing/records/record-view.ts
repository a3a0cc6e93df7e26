import { MATERIALISE, RECORD_BYTES, type RecordBytes } from "../record.ts"
import type { ShapeObject } from "./record-shape.ts"
import { type RecordValues, readOnly } from "./record-values.ts"

const QUOTE = 34

/**
 * An object that looks like what JSON.parse makes of records of one shape: the same names in the same order, spread and
 * stringified alike. Its fields decode the record at hand when they are read; it is the same object for every record.
 */
export function recordView(shape: ShapeObject, values: RecordValues): object {
  const view: object = {}
  const parts: (readonly [name: string, member: number | object])[] = []
  for (const [name, member] of shape.members) {
    const set = () => readOnly(name)
    if (typeof member === "number") {
      Object.defineProperty(view, name, { get: () => values.value(member), set, enumerable: true })
      parts.push([name, member])
      continue
    }
    const inner = recordView(member, values)
    Object.defineProperty(view, name, { get: () => inner, set, enumerable: true })
    parts.push([name, inner])
  }
  const materialise = () => {
    const plain: Record<string, unknown> = {}
    for (let index = 0; index < parts.length; index++) {
      const [name, member] = parts[index] as (typeof parts)[number]
      plain[name] =
        typeof member === "number"
          ? values.value(member)
          : (member as { [MATERIALISE](): unknown })[MATERIALISE]()
    }
    return plain
  }
  Object.defineProperty(view, MATERIALISE, { value: materialise })
  Object.defineProperty(view, RECORD_BYTES, { value: new ViewBytes(shape, values) })
  return Object.preventExtensions(view)
}

class ViewBytes implements RecordBytes {
  readonly #shape: ShapeObject
  readonly #values: RecordValues
  readonly #fields: ReadonlyMap<string, number>
  readonly #names: ReadonlySet<string>
  fieldEnd = -1
  readonly keyStart = -1
  readonly keyEnd = -1

  constructor(shape: ShapeObject, values: RecordValues) {
    this.#shape = shape
    this.#values = values
    this.#names = new Set(shape.members.map(([name]) => name))
    this.#fields = new Map(
      shape.members.flatMap(([name, member]) =>
        typeof member === "number" ? [[name, member] as const] : [],
      ),
    )
  }

  get buffer(): Uint8Array {
    return this.#values.buffer
  }

  get start(): number {
    return (this.#values.starts[this.#shape.firstValue] as number) - this.#shape.before
  }

  get end(): number {
    return (this.#values.ends[this.#shape.lastValue] as number) + this.#shape.after
  }

  has(name: string): boolean {
    return this.#names.has(name)
  }

  text(): string {
    return this.#values.text(this.start, this.end)
  }

  plainField(name: string): number {
    const values = this.#values
    const index = this.#fields.get(name)
    if (index === undefined || !values.isPlain(index)) return -1
    const start = values.starts[index] as number
    const isText = values.buffer[start] === QUOTE
    this.fieldEnd = (values.ends[index] as number) - (isText ? 1 : 0)
    return isText ? start + 1 : start
  }
}
