/** A number that keeps the digits it was written with: a LONG beyond 2^53, a DOUBLE's `.0`. */
export class ExactNumber {
  readonly text: string

  constructor(text: string) {
    this.text = text
  }
}

type Reviver = (key: string, value: unknown, context: { source?: string }) => unknown
const parse = JSON.parse as (text: string, reviver: Reviver) => unknown

/** Parses JSON with every number as an `ExactNumber`. */
export function parseExact(text: string): unknown {
  return parse(text, (_key, value, { source }) =>
    typeof value === "number" && source !== undefined ? new ExactNumber(source) : value,
  )
}

/** The JSON text of what `parseExact` gave. */
export function exactText(value: unknown): string {
  if (value instanceof ExactNumber) return value.text
  if (Array.isArray(value)) return `[${value.map(exactText).join(",")}]`
  if (value !== null && typeof value === "object") {
    const members = Object.entries(value).map(
      ([key, member]) => `${JSON.stringify(key)}:${exactText(member)}`,
    )
    return `{${members.join(",")}}`
  }
  return JSON.stringify(value)
}
