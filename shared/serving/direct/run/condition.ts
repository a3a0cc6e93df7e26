import { compareText } from "../../expression/comparison.ts"
import { likeMatcher } from "../../expression/like.ts"
import type { BlockColumn, CodedColumn, NumberColumn } from "../columns/block-column.ts"
import { GivenUp } from "../columns/dictionary.ts"
import { comparisons } from "../comparisons.ts"
import type { Comparison, PlanValue, Predicate } from "../plan.ts"
import type { Code } from "./code.ts"
import { between, comparedWith, type NumericTest, oneOf } from "./numeric-test.ts"

/** A condition without NOT: rows for which it is unknown do not pass, so that AND and OR need two values only. */
export type Condition =
  | { readonly kind: "and" | "or"; readonly parts: readonly Condition[] }
  | { readonly kind: "constant"; readonly value: boolean }
  | { readonly kind: "null"; readonly column: string; readonly negated: boolean }
  | { readonly kind: "numbers"; readonly column: string; readonly test: NumericTest }
  | {
      readonly kind: "text"
      readonly column: string
      readonly key: string
      readonly passes: (value: string) => boolean
    }

const opposite: Readonly<Record<Comparison, Comparison>> = {
  "=": "<>",
  "<>": "=",
  "<": ">=",
  "<=": ">",
  ">": "<=",
  ">=": "<",
}

function textOf(value: PlanValue): string {
  if (typeof value === "string") return value
  throw new GivenUp("text beside another type")
}

function numberOf(value: PlanValue): number {
  if (typeof value === "number" || typeof value === "bigint") return Number(value)
  throw new GivenUp("a number beside another type")
}

function compareCondition(
  { op, column, value }: Extract<Predicate, { kind: "compare" }>,
  negated: boolean,
): Condition {
  const asked = negated ? opposite[op] : op
  if (typeof value !== "string")
    return { kind: "numbers", column, test: comparedWith(asked, numberOf(value)) }
  const test = comparisons[asked]
  const passes =
    asked === "=" ? (text: string) => text === value : (text: string) => test(compareText(text, value))
  // The blank keeps `<` beside `=a` apart from `<=` beside `a`.
  return { kind: "text", column, key: `${asked} ${value}`, passes }
}

function inCondition(
  { column, values, negated }: Extract<Predicate, { kind: "in" }>,
  inverted: boolean,
): Condition {
  const isOut = negated !== inverted
  if (typeof values[0] !== "string")
    return { kind: "numbers", column, test: oneOf(values.map(numberOf), isOut) }
  const set = new Set(values.map(textOf))
  const passes = (text: string): boolean => set.has(text) !== isOut
  return { kind: "text", column, key: `${isOut ? "!" : ""}in${JSON.stringify([...set])}`, passes }
}

function betweenCondition(
  { column, low, high }: Extract<Predicate, { kind: "between" }>,
  negated: boolean,
): Condition {
  if (typeof low !== "string")
    return { kind: "numbers", column, test: between(numberOf(low), numberOf(high), negated) }
  const [first, last] = [textOf(low), textOf(high)]
  const passes = (text: string): boolean =>
    (compareText(text, first) >= 0 && compareText(text, last) <= 0) !== negated
  return {
    kind: "text",
    column,
    key: `${negated ? "!" : ""}between${JSON.stringify([first, last])}`,
    passes,
  }
}

/** A predicate with its negations moved down to its terms. Throws `GivenUp`. */
export function conditionOf(predicate: Predicate, negated = false): Condition {
  switch (predicate.kind) {
    case "and":
    case "or": {
      const kind = (predicate.kind === "and") !== negated ? "and" : "or"
      return { kind, parts: predicate.parts.map(part => conditionOf(part, negated)) }
    }
    case "not":
      return conditionOf(predicate.part, !negated)
    case "constant":
      return { kind: "constant", value: predicate.value !== negated }
    case "null":
      return { kind: "null", column: predicate.column, negated: predicate.negated !== negated }
    case "compare":
      return compareCondition(predicate, negated)
    case "in":
      return inCondition(predicate, negated)
    case "between":
      return betweenCondition(predicate, negated)
    case "like": {
      const isOut = predicate.negated !== negated
      const matches = likeMatcher(predicate.pattern, false)
      const passes = (text: string): boolean => matches(text) !== isOut
      return {
        kind: "text",
        column: predicate.column,
        key: `${isOut ? "!" : ""}like${predicate.pattern}`,
        passes,
      }
    }
  }
}

const terms = new WeakMap<Predicate, readonly Condition[]>()

/** The terms of a predicate that must all hold; made once of each. Throws `GivenUp`. */
export function termsOf(predicate: Predicate): readonly Condition[] {
  const known = terms.get(predicate)
  if (known !== undefined) return known
  const made = conjuncts(conditionOf(predicate))
  terms.set(predicate, made)
  return made
}

/** The terms that must all hold. */
export function conjuncts(condition: Condition): readonly Condition[] {
  return condition.kind === "and" ? condition.parts.flatMap(conjuncts) : [condition]
}

/** A condition over one block. */
export interface BlockTest {
  /** About which share of the rows passes; 0 and 1: none and all, for certain. */
  readonly share: number
  /** Source of 1 or 0 for row `r`. */
  readonly source: (code: Code) => string
  /** The column that it asks alone, and what of it passes: what lists of rows by value answer. */
  readonly column?: string
  /** The codes or whole numbers that pass: `low`, `high` of ranges with both ends. */
  readonly ranges?: readonly number[]
}

const none: BlockTest = { share: 0, source: () => "0" }
const all: BlockTest = { share: 1, source: () => "1" }

/** What may only seem certain is not told as certain. */
const SHARE_MIN = 0.001
const SHARE_MAX = 0.999

function likely(share: number): number {
  return Math.min(SHARE_MAX, Math.max(SHARE_MIN, share))
}

function notNull(column: NumberColumn, code: Code): string {
  return column.nulls === undefined ? "" : `&(${code.bind(column.nulls)}[r]^1)`
}

function numberTest(name: string, column: NumberColumn, test: NumericTest): BlockTest {
  const { min, max, values, nulls } = column
  if (min > max) return none
  const certain = test.over(min, max)
  if (certain === false) return none
  if (certain === true) {
    if (nulls === undefined) return all
    return { share: SHARE_MAX, source: code => `(${code.bind(nulls)}[r]^1)` }
  }
  return {
    share: likely(test.share(min, max)),
    column: name,
    ranges: test.ranges,
    source: code =>
      `(${test.source(`${code.bind(values)}[r]`, value => code.bind(value))}${notNull(column, code)})`,
  }
}

/** By mask, which is kept with its dictionary. */
const ranges = new WeakMap<Uint8Array, readonly number[]>()

function rangesOf(mask: Uint8Array): readonly number[] {
  const known = ranges.get(mask)
  if (known !== undefined) return known
  const found: number[] = []
  for (let code = mask.indexOf(1); code >= 0; ) {
    const end = mask.indexOf(0, code)
    found.push(code, (end < 0 ? mask.length : end) - 1)
    code = end < 0 ? -1 : mask.indexOf(1, end)
  }
  ranges.set(mask, found)
  return found
}

function textTest(
  column: CodedColumn,
  { key, passes, column: name }: Extract<Condition, { kind: "text" }>,
): BlockTest {
  const mask = column.dictionary.mask(key, value => passes(String(value)))
  const { present, codes } = column
  let share = 0.5
  if (present !== undefined) {
    let passing = 0
    for (const one of present) passing += mask[one]!
    if (passing === 0) return none
    if (passing === present.length) return all
    share = passing / present.length
  }
  return {
    share: likely(share),
    column: name,
    get ranges() {
      return rangesOf(mask)
    },
    source: code => `${code.bind(mask)}[${code.bind(codes)}[r]]`,
  }
}

function nullTest(column: BlockColumn, negated: boolean): BlockTest {
  if (column.kind === "codes") {
    const hasNull = column.present?.includes(0)
    if (hasNull === false) return negated ? all : none
    const op = negated ? "!==" : "==="
    return { share: 0.5, source: code => `(${code.bind(column.codes)}[r]${op}0|0)` }
  }
  const { nulls } = column
  if (nulls === undefined) return negated ? all : none
  return {
    share: 0.5,
    source: code => (negated ? `(${code.bind(nulls)}[r]^1)` : `${code.bind(nulls)}[r]`),
  }
}

function joined(kind: "and" | "or", parts: readonly BlockTest[]): BlockTest {
  const decides = kind === "and" ? 0 : 1
  if (parts.some(({ share }) => share === decides)) return kind === "and" ? none : all
  const open = parts.filter(({ share }) => share !== 1 - decides)
  if (open.length === 0) return kind === "and" ? all : none
  const share =
    kind === "and"
      ? open.reduce((product, part) => product * part.share, 1)
      : Math.min(
          1,
          open.reduce((sum, part) => sum + part.share, 0),
        )
  const word = kind === "and" ? "&" : "|"
  return {
    share: likely(share),
    source: code => `(${open.map(part => part.source(code)).join(word)})`,
  }
}

export type TextCondition = Extract<Condition, { kind: "text" }>

/** The conditions over text in a condition: dictionaries are judged by them. */
export function textConditions(condition: Condition): readonly TextCondition[] {
  if ("parts" in condition) return condition.parts.flatMap(textConditions)
  return condition.kind === "text" ? [condition] : []
}

/** Judges some more of a block's dictionaries; true: nothing is left that takes long. */
export function growMasks(
  conditions: readonly TextCondition[],
  columns: ReadonlyMap<string, BlockColumn>,
): boolean {
  return conditions.every(({ column: name, key, passes }) => {
    const column = columns.get(name)
    return column?.kind !== "codes" || column.dictionary.growMask(key, value => passes(String(value)))
  })
}

function columnIn(columns: ReadonlyMap<string, BlockColumn>, name: string): BlockColumn {
  const column = columns.get(name)
  if (column === undefined) throw new RangeError(`a block without ${name}`)
  return column
}

/** What a condition comes down to in one block. */
export function blockTest(condition: Condition, columns: ReadonlyMap<string, BlockColumn>): BlockTest {
  switch (condition.kind) {
    case "constant":
      return condition.value ? all : none
    case "and":
    case "or":
      return joined(
        condition.kind,
        condition.parts.map(part => blockTest(part, columns)),
      )
    case "null":
      return nullTest(columnIn(columns, condition.column), condition.negated)
    case "text": {
      const column = columnIn(columns, condition.column)
      if (column.kind !== "codes") throw new GivenUp("text beside numbers")
      return textTest(column, condition)
    }
    case "numbers": {
      const column = columnIn(columns, condition.column)
      if (column.kind !== "numbers") throw new GivenUp("a number beside text")
      return numberTest(condition.column, column, condition.test)
    }
  }
}
