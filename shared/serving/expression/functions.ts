import { textOf, toInstant } from "./cast.ts"
import { compareText, orderOf } from "./comparison.ts"
import { checkedInstant } from "./instant-text.ts"
import { commonType } from "./logic.ts"
import { type Numeric, numeric, toDouble } from "./number.ts"
import { absolute, roundTo, toWhole } from "./rounding.ts"
import { strptimeReader } from "./strptime.ts"
import { codePoints, left, replaceAll, right, splitPart, substring, trim } from "./text.ts"
import { extractPart, truncateTo } from "./time.ts"
import { BadValue, type Compiled, type SqlType, type Value } from "./value.ts"

/** An argument as the compiler hands it over; `literal` is its text where it is a string literal. */
export interface Argument extends Compiled {
  readonly literal?: string
}

/** Builds a call, or says what is wrong with its arguments. */
type Build = (args: readonly Argument[]) => Compiled | string

export interface SqlFunction {
  readonly min: number
  readonly max: number
  readonly build: Build
}

type Apply = (...values: never[]) => Value

/** A function that is null when any argument is; text arguments are converted to text, numbers to integers. */
function strict(type: SqlType, kinds: readonly ("text" | "integer")[], apply: Apply): Build {
  const call = apply as unknown as (...values: readonly unknown[]) => Value
  return args => {
    const readers = args.map(({ evaluate, type: from }, index) => ({
      evaluate,
      from,
      text: kinds[index] === "text",
    }))
    return {
      type,
      evaluate: record => {
        const values: unknown[] = []
        for (const { evaluate, from, text } of readers) {
          const value = evaluate(record)
          if (value === null) return null
          values.push(text ? textOf(value, from) : wholeNumber(value))
        }
        return call(...values)
      },
    }
  }
}

function wholeNumber(value: Value): number {
  const number = toDouble(numeric(value))
  if (!Number.isSafeInteger(number)) throw new BadValue("expected an integer")
  return number
}

/** A function of one number whose result has the argument's type. */
function onNumber(apply: (value: Numeric) => Numeric): Build {
  return ([argument]) => ({
    type: argument!.type === "null" ? "any" : argument!.type,
    evaluate: record => {
      const value = argument!.evaluate(record)
      return value === null ? null : apply(numeric(value))
    },
  })
}

const round: Build = ([argument, digits]) => ({
  type: argument!.type === "null" ? "any" : argument!.type,
  evaluate: record => {
    const value = argument!.evaluate(record)
    const places = digits === undefined ? 0 : digits.evaluate(record)
    if (value === null || places === null) return null
    return roundTo(numeric(value), Math.max(-38, Math.min(38, wholeNumber(places))))
  },
})

/** Of the arguments that are not null, the one that comes last (`sign` 1) or first (−1). */
function extreme(sign: 1 | -1): Build {
  return args => {
    const type = commonType(args.map(argument => argument.type))
    if (type === undefined) return "arguments of one type"
    const order = orderOf(type, type)
    return {
      type,
      evaluate: record => {
        let best: Value = null
        for (const argument of args) {
          let value = argument.evaluate(record)
          if (value !== null && type === "timestamp") value = toInstant(value, argument.type)
          if (value !== null && (best === null || order(value, best) * sign > 0)) best = value
        }
        return best
      },
    }
  }
}

const coalesce: Build = args => {
  const type = commonType(args.map(argument => argument.type))
  if (type === undefined) return "arguments of one type"
  return {
    type,
    evaluate: record => {
      for (const argument of args) {
        const value = argument.evaluate(record)
        if (value !== null) return type === "timestamp" ? toInstant(value, argument.type) : value
      }
      return null
    },
  }
}

const nullif: Build = args => {
  const [value, other] = args as [Argument, Argument]
  const order = orderOf(value.type, other.type)
  return {
    type: value.type,
    evaluate: record => {
      const a = value.evaluate(record)
      const b = other.evaluate(record)
      return a !== null && b !== null && order(a, b) === 0 ? null : a
    },
  }
}

const concat: Build = args => ({
  type: "string",
  evaluate: record => {
    let text = ""
    for (const { evaluate, type } of args) {
      const value = evaluate(record)
      if (value !== null) text += textOf(value, type)
    }
    return text
  },
})

/** A function of an instant, whose unit is a literal. */
function byUnit(find: (unit: string) => ((epochMs: number) => number) | undefined, type: SqlType): Build {
  return args => {
    const [unit, argument] = args as [Argument, Argument]
    if (unit.literal === undefined) return "a unit such as 'hour' in quotes"
    const apply = find(unit.literal)
    if (apply === undefined) return `a unit such as 'hour', got '${unit.literal}'`
    const result = type === "int" && unit.literal.toLowerCase() === "epoch" ? "double" : type
    return ofInstant(argument, apply, result)
  }
}

export function ofInstant(argument: Compiled, apply: (epochMs: number) => number, type: SqlType): Compiled {
  return {
    type,
    evaluate: record => {
      const value = argument.evaluate(record)
      return value === null ? null : apply(toInstant(value, argument.type))
    },
  }
}

const strptime: Build = args => {
  const [text, pattern] = args as [Argument, Argument]
  if (pattern.literal === undefined) return "a pattern such as '%Y-%m-%d' in quotes"
  const read = strptimeReader(pattern.literal)
  if (typeof read !== "function") return `a known specifier, got '${read.unknown}'`
  return {
    type: "timestamp",
    evaluate: record => {
      const value = text.evaluate(record)
      return value === null ? null : read(textOf(value, text.type))
    },
  }
}

/** Epoch ms of a timestamp, or the timestamp at so many epoch ms. */
const epochMs: Build = ([argument]) => {
  if (argument!.type === "timestamp") return ofInstant(argument!, instant => instant, "int")
  return instantFrom(argument!, 1)
}

function instantFrom(argument: Argument, unitMs: number): Compiled {
  return {
    type: "timestamp",
    evaluate: record => {
      const value = argument.evaluate(record)
      return value === null ? null : checkedInstant(Math.floor(toDouble(numeric(value)) * unitMs))
    },
  }
}

const trimmer = (start: boolean, end: boolean): SqlFunction => ({
  min: 1,
  max: 2,
  build: strict("string", ["text", "text"], (text: string, set = " ") => trim(text, set, start, end)),
})

const fixed = (count: number, build: Build): SqlFunction => ({ min: count, max: count, build })
const MANY = 64

const lower = fixed(
  1,
  strict("string", ["text"], (text: string) => text.toLowerCase()),
)
const upper = fixed(
  1,
  strict("string", ["text"], (text: string) => text.toUpperCase()),
)
const length = fixed(1, strict("int", ["text"], codePoints))
const substr: SqlFunction = {
  min: 2,
  max: 3,
  build: strict("string", ["text", "integer", "integer"], substring),
}
const ceil = fixed(
  1,
  onNumber(value => toWhole(value, false)),
)
const startsWith = fixed(
  2,
  strict("boolean", ["text", "text"], (text: string, part: string) => text.startsWith(part)),
)
const endsWith = fixed(
  2,
  strict("boolean", ["text", "text"], (text: string, part: string) => text.endsWith(part)),
)
const contains = fixed(
  2,
  strict("boolean", ["text", "text"], (text: string, part: string) => text.includes(part)),
)

/** Every function an expression may call, by its name in lower case. */
export const FUNCTIONS: ReadonlyMap<string, SqlFunction> = new Map<string, SqlFunction>([
  ["upper", upper],
  ["ucase", upper],
  ["lower", lower],
  ["lcase", lower],
  ["trim", trimmer(true, true)],
  ["btrim", trimmer(true, true)],
  ["ltrim", trimmer(true, false)],
  ["rtrim", trimmer(false, true)],
  ["length", length],
  ["len", length],
  ["char_length", length],
  ["substr", substr],
  ["substring", substr],
  ["replace", fixed(3, strict("string", ["text", "text", "text"], replaceAll))],
  ["split_part", fixed(3, strict("string", ["text", "text", "integer"], splitPart))],
  ["left", fixed(2, strict("string", ["text", "integer"], left))],
  ["right", fixed(2, strict("string", ["text", "integer"], right))],
  ["starts_with", startsWith],
  ["ends_with", endsWith],
  ["contains", contains],
  ["abs", fixed(1, onNumber(absolute))],
  [
    "floor",
    fixed(
      1,
      onNumber(value => toWhole(value, true)),
    ),
  ],
  ["ceil", ceil],
  ["ceiling", ceil],
  ["round", { min: 1, max: 2, build: round }],
  ["greatest", { min: 1, max: MANY, build: extreme(1) }],
  ["least", { min: 1, max: MANY, build: extreme(-1) }],
  ["concat", { min: 1, max: MANY, build: concat }],
  ["coalesce", { min: 1, max: MANY, build: coalesce }],
  ["ifnull", fixed(2, coalesce)],
  ["nullif", fixed(2, nullif)],
  ["strptime", fixed(2, strptime)],
  ["date_trunc", fixed(2, byUnit(truncateTo, "timestamp"))],
  ["datetrunc", fixed(2, byUnit(truncateTo, "timestamp"))],
  ["date_part", fixed(2, byUnit(extractPart, "int"))],
  ["epoch_ms", fixed(1, epochMs)],
  ["to_timestamp", fixed(1, ([argument]) => instantFrom(argument!, 1_000))],
])

/** The known names nearest to a wrong one come first in its fault. */
export function similarNames(name: string): string[] {
  return [...FUNCTIONS.keys()].filter(known => known.startsWith(name.slice(0, 3))).sort(compareText)
}
