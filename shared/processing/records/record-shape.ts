import { JSON_DEPTH_MAX } from "../../log/records/index.ts"
import { BRACE_OPEN, JsonFault, JsonScanner, JsonStepper } from "../../log/records/json-scanner.ts"

/** Values that a shape names at most: records with more are parsed as a whole. */
export const SHAPE_VALUES_MAX = 256
/** Objects that lie in one another at most. */
const SHAPE_DEPTH_MAX = 16
const BACKSLASH = 92

/** One object of a shape: where it lies, told from the values in it, and its members in their order. */
export interface ShapeObject {
  /** The object begins this many bytes before its first value, and ends so many after its last one. */
  readonly firstValue: number
  readonly before: number
  readonly lastValue: number
  readonly after: number
  readonly members: readonly (readonly [name: string, member: number | ShapeObject])[]
}

/**
 * How a record's text is put together: literals, which are the same in every record of the shape (names, punctuation,
 * white space), and a value after each literal but the last.
 */
export interface RecordShape {
  readonly literals: readonly Uint8Array[]
  readonly root: ShapeObject
}

/** A name that JSON.parse does not simply append, or that is not its own text. */
class Unshaped extends Error {}

/**
 * The shape of a JSON text; undefined where it has none: not a valid one, no object, or with names that occur twice,
 * are escaped, are numbers (which objects put in an order of their own) or `__proto__`.
 */
export function shapeOf(text: Uint8Array): RecordShape | undefined {
  try {
    return new ShapeReader(text).read()
  } catch (error) {
    if (error instanceof JsonFault || error instanceof Unshaped) return undefined
    throw error
  }
}

class ShapeReader {
  readonly #text: Uint8Array
  readonly #scanner: JsonScanner
  readonly #literals: Uint8Array[] = []
  /** Where the literal that is being read began: behind the last value. */
  #literalStart = 0
  #firstStart = 0

  constructor(text: Uint8Array) {
    this.#text = text
    this.#scanner = new JsonScanner(text, false)
  }

  read(): RecordShape {
    const scanner = this.#scanner
    const start = scanner.space(0)
    if (this.#text[start] !== BRACE_OPEN) throw new Unshaped()
    const end = scanner.value(start)
    if (scanner.space(end) !== this.#text.length || this.#isEmpty(start)) throw new Unshaped()
    const root = this.#object(start, 0)
    this.#literals.push(this.#text.slice(this.#literalStart))
    return { literals: this.#literals, root: root.object }
  }

  #isEmpty(at: number): boolean {
    return this.#text[this.#scanner.space(at + 1)] === BRACE_OPEN + 2
  }

  #object(start: number, depth: number): { readonly object: ShapeObject; readonly end: number } {
    if (depth > Math.min(SHAPE_DEPTH_MAX, JSON_DEPTH_MAX)) throw new Unshaped()
    const stepper = new JsonStepper(this.#scanner)
    const members = new Map<string, number | ShapeObject>()
    const firstValue = this.#literals.length
    let firstStart = -1
    stepper.enter(start)
    while (stepper.next()) {
      const name = nameOf(this.#text.subarray(stepper.nameStart, stepper.nameEnd))
      if (members.has(name)) throw new Unshaped()
      const { at } = stepper
      if (this.#text[at] === BRACE_OPEN && !this.#isEmpty(at)) {
        const { object, end } = this.#object(at, depth + 1)
        members.set(name, object)
        stepper.at = end
      } else {
        members.set(name, this.#value(at))
        stepper.at = this.#literalStart
      }
      if (firstStart < 0) firstStart = this.#firstStart
    }
    this.#firstStart = firstStart
    const lastEnd = this.#literalStart
    const object = {
      firstValue,
      before: firstStart - start,
      lastValue: this.#literals.length - 1,
      after: stepper.at - lastEnd,
      members: [...members],
    }
    return { object, end: stepper.at }
  }

  #value(at: number): number {
    if (this.#literals.length === SHAPE_VALUES_MAX) throw new Unshaped()
    this.#literals.push(this.#text.slice(this.#literalStart, at))
    this.#firstStart = at
    this.#literalStart = this.#scanner.value(at)
    return this.#literals.length - 1
  }
}

const decoder = new TextDecoder("utf-8", { ignoreBOM: true })

function nameOf(bytes: Uint8Array): string {
  const name = decoder.decode(bytes)
  if (bytes.includes(BACKSLASH) || name === "__proto__" || /^\d+$/.test(name)) throw new Unshaped()
  return name
}
