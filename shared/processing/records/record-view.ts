import { MATERIALISE, RECORD_BYTES, type RecordBytes } from "../record.ts"
import type { ShapeObject } from "./record-shape.ts"
import { type RecordValues, readOnly } from "./record-values.ts"

const QUOTE = 34

/** Kinds of views that are remembered. */
const KINDS_MAX = 1_024

const VALUES = Symbol("millrace.values")
const INNER = Symbol("millrace.inner")

interface View {
  readonly [VALUES]: RecordValues
  /** The views of the objects in it, in their order. */
  readonly [INNER]: readonly object[]
}

/**
 * What views of the same members have in common, whichever reader makes them. The engine knows their objects by one hidden
 * class, so that functions which read records stay quick when a task is loaded anew: getters of each view's own would make
 * objects of the second one dictionaries.
 */
interface ViewKind {
  /** A property that no other kind's views have: their hidden classes part here. */
  readonly mark: symbol
  readonly getters: readonly (readonly [name: string, getter: PropertyDescriptor])[]
}

const kinds = new Map<string, ViewKind>()

function kindOf(shape: ShapeObject): ViewKind {
  const signature = JSON.stringify(shape.members)
  const known = kinds.get(signature)
  if (known !== undefined) return known
  let inner = 0
  const getters = shape.members.map(([name, member]): [string, PropertyDescriptor] => {
    const set = () => readOnly(name)
    if (typeof member === "number") return [name, { get: valueGetter(member), set, enumerable: true }]
    return [name, { get: innerGetter(inner++), set, enumerable: true }]
  })
  const kind = { mark: Symbol("millrace.view"), getters }
  if (kinds.size < KINDS_MAX) kinds.set(signature, kind)
  return kind
}

function valueGetter(index: number) {
  return function (this: View): unknown {
    return this[VALUES].value(index)
  }
}

function innerGetter(index: number) {
  return function (this: View): unknown {
    return this[INNER][index]
  }
}

/**
 * An object that looks like what JSON.parse makes of records of one shape: the same names in the same order, spread and
 * stringified alike. Its fields decode the record at hand when they are read; it is the same object for every record.
 */
export function recordView(shape: ShapeObject, values: RecordValues): object {
  const { mark, getters } = kindOf(shape)
  const inner = shape.members.flatMap(([, member]) =>
    typeof member === "number" ? [] : [recordView(member, values)],
  )
  const view: object = {}
  Object.defineProperty(view, mark, { value: true })
  Object.defineProperty(view, VALUES, { value: values })
  Object.defineProperty(view, INNER, { value: inner })
  for (const [name, getter] of getters) Object.defineProperty(view, name, getter)
  Object.defineProperty(view, MATERIALISE, { value: materialiser(shape, values, inner) })
  Object.defineProperty(view, RECORD_BYTES, { value: new ViewBytes(shape, values) })
  return Object.preventExtensions(view)
}

function materialiser({ members }: ShapeObject, values: RecordValues, inner: readonly object[]) {
  return () => {
    const plain: Record<string, unknown> = {}
    let at = 0
    for (let index = 0; index < members.length; index++) {
      const [name, member] = members[index] as (typeof members)[number]
      plain[name] =
        typeof member === "number"
          ? values.value(member)
          : (inner[at++] as { [MATERIALISE](): unknown })[MATERIALISE]()
    }
    return plain
  }
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
