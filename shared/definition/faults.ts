/** One mistake in a definition. */
export interface Fault {
  /** Where in the definition: `topics.flights.partitions`. */
  readonly path: string
  /** What is wrong and what was expected. */
  readonly message: string
  /** Where in the app file the topic, table or app was written: `file:///…/app.ts:12:3`. */
  readonly at?: string
}

/** Collects every fault of a definition, so that one error can name them all. */
export class Faults {
  readonly list: Fault[] = []

  add(path: string, message: string, at?: string): void {
    this.list.push(at === undefined ? { path, message } : { path, message, at })
  }
}

/** A definition with mistakes: `faults` holds all of them. */
export class DefinitionError extends Error {
  override readonly name = "DefinitionError"
  readonly code = "invalid_definition"
  readonly faults: readonly Fault[]

  constructor(faults: readonly Fault[]) {
    super(describe(faults))
    this.faults = faults
  }
}

function describe(faults: readonly Fault[]): string {
  const count = faults.length === 1 ? "1 mistake" : `${faults.length} mistakes`
  const lines = faults.map(({ path, message, at }) => {
    const place = at === undefined ? "" : ` (${at.replace(/^file:\/\//, "")})`
    return `  ${path}: ${message}${place}`
  })
  return [`the definition has ${count}:`, ...lines].join("\n")
}

const PLAIN_STEP = /^[a-zA-Z_$][a-zA-Z0-9_$-]*$/

/** The path of a member: `topics.flights`, `columns["a b"]`, `columns[2]`. */
export function at(path: string, step: PropertyKey): string {
  if (typeof step === "number") return `${path}[${step}]`
  const name = String(step)
  if (!PLAIN_STEP.test(name)) return `${path}[${JSON.stringify(name)}]`
  return path === "" ? name : `${path}.${name}`
}

const SHOWN_CHARS_MAX = 60

/** A value as a message shows it, in a few words. */
export function shown(value: unknown): string {
  if (value === undefined) return "nothing"
  if (typeof value === "string") return JSON.stringify(shorten(value))
  if (typeof value === "function") return "a function"
  if (Array.isArray(value)) return "an array"
  if (typeof value === "object" && value !== null) return "an object"
  return shorten(String(value))
}

function shorten(text: string): string {
  return text.length <= SHOWN_CHARS_MAX ? text : `${text.slice(0, SHOWN_CHARS_MAX)}…`
}
