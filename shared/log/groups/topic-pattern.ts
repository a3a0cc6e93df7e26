import { LogError } from "../errors.ts"
import { PATTERN_LENGTH_MAX, PATTERN_STEPS_MAX } from "./limits.ts"

/** Whether a whole name is one that a pattern means. */
export type TopicPattern = (name: string) => boolean

type Test = (code: number) => boolean

type Node =
  | { readonly kind: "one"; readonly test: Test }
  | { readonly kind: "row"; readonly nodes: readonly Node[] }
  | { readonly kind: "either"; readonly nodes: readonly Node[] }
  | { readonly kind: "repeat"; readonly node: Node; readonly min: number; readonly max: number }

type Step =
  | { readonly kind: "one"; readonly test: Test }
  | { kind: "split"; to: number; or: number }
  | { kind: "go"; to: number }

/** How often `{n,m}` may repeat: names have at most 100 characters. */
const REPEATED_MAX = 100

/**
 * Reads a regular expression over topics' names: characters, `.`, `[…]`, `\d \w \s` and their opposites, `|`, groups, `* + ? {n,m}`.
 * No look-around and no back references, so that a name takes time in proportion to its length, whatever the pattern
 * (Thompson's construction, run as a Pike machine). Throws `invalid_group`.
 */
export function topicPattern(text: string): TopicPattern {
  if (text.length === 0 || text.length > PATTERN_LENGTH_MAX) {
    throw fault(text.slice(0, 40), `expected 1 to ${PATTERN_LENGTH_MAX} characters, got ${text.length}`)
  }
  const node = new PatternReader(text).read()
  if (workOf(node) > PATTERN_STEPS_MAX) throw fault(text, `comes to more than ${PATTERN_STEPS_MAX} steps`)
  const steps: Step[] = []
  compile(node, steps)
  return name => matches(steps, name)
}

/**
 * What a node comes to when it is compiled, told without doing so: repeats of repeats multiply, and those of what is empty cost
 * time though they come to no step.
 */
function workOf(node: Node): number {
  if (node.kind === "one") return 1
  if (node.kind === "row") return node.nodes.reduce((sum, each) => sum + workOf(each), 1)
  if (node.kind === "either") return node.nodes.reduce((sum, each) => sum + 2 + workOf(each), 1)
  const { node: repeated, min, max } = node
  return max === Number.POSITIVE_INFINITY
    ? 3 + (min + 1) * workOf(repeated)
    : 1 + min * workOf(repeated) + (max - min) * (1 + workOf(repeated))
}

function fault(text: string, expected: string): LogError {
  return new LogError("invalid_group", `pattern ${JSON.stringify(text)}: ${expected}`)
}

function compile(node: Node, steps: Step[]): void {
  if (node.kind === "one") steps.push(node)
  else if (node.kind === "row") for (const each of node.nodes) compile(each, steps)
  else if (node.kind === "either") {
    const ends: { to: number }[] = []
    for (const each of node.nodes.slice(0, -1)) {
      const split = { kind: "split" as const, to: steps.length + 1, or: 0 }
      const end = { kind: "go" as const, to: 0 }
      steps.push(split)
      compile(each, steps)
      steps.push(end)
      ends.push(end)
      split.or = steps.length
    }
    compile(node.nodes.at(-1)!, steps)
    for (const end of ends) end.to = steps.length
  } else compileRepeat(node, steps)
}

function compileRepeat(node: Node & { kind: "repeat" }, steps: Step[]): void {
  for (let times = 0; times < node.min; times++) compile(node.node, steps)
  if (node.max === Number.POSITIVE_INFINITY) {
    const split = { kind: "split" as const, to: steps.length + 1, or: 0 }
    const at = steps.push(split) - 1
    compile(node.node, steps)
    steps.push({ kind: "go", to: at })
    split.or = steps.length
    return
  }
  const splits: { or: number }[] = []
  for (let times = node.min; times < node.max; times++) {
    const split = { kind: "split" as const, to: steps.length + 1, or: 0 }
    steps.push(split)
    splits.push(split)
    compile(node.node, steps)
  }
  for (const split of splits) split.or = steps.length
}

function matches(steps: readonly Step[], name: string): boolean {
  let now = new Set<number>()
  reach(steps, 0, now)
  for (let at = 0; at < name.length && now.size > 0; at++) {
    const next = new Set<number>()
    const code = name.charCodeAt(at)
    for (const index of now) {
      const step = steps[index]
      if (step?.kind === "one" && step.test(code)) reach(steps, index + 1, next)
    }
    now = next
  }
  return now.has(steps.length)
}

/** Adds a step and what it leads to without a character. */
function reach(steps: readonly Step[], from: number, found: Set<number>): void {
  const waiting = [from]
  for (let index = waiting.pop(); index !== undefined; index = waiting.pop()) {
    if (found.has(index)) continue
    found.add(index)
    const step = steps[index]
    if (step?.kind === "go") waiting.push(step.to)
    else if (step?.kind === "split") waiting.push(step.or, step.to)
  }
}

const digit: Test = code => code >= 48 && code <= 57
const word: Test = code =>
  digit(code) || (code >= 65 && code <= 90) || (code >= 97 && code <= 122) || code === 95
const space: Test = code => code === 32 || (code >= 9 && code <= 13)
const not =
  (test: Test): Test =>
  code =>
    !test(code)
const classes: Readonly<Record<string, Test>> = {
  d: digit,
  w: word,
  s: space,
  D: not(digit),
  W: not(word),
  S: not(space),
}

class PatternReader {
  readonly #text: string
  #at = 0

  constructor(text: string) {
    this.#text = text
  }

  read(): Node {
    if (this.#peek() === "^") this.#at++
    const node = this.#either()
    if (this.#at < this.#text.length) throw this.#fault(`unexpected ${this.#peek()}`)
    return node
  }

  #peek(): string {
    return this.#text.charAt(this.#at)
  }

  #fault(expected: string): LogError {
    return fault(this.#text, `at character ${this.#at + 1}: ${expected}`)
  }

  #either(): Node {
    const nodes = [this.#row()]
    while (this.#peek() === "|") {
      this.#at++
      nodes.push(this.#row())
    }
    return nodes.length === 1 ? nodes[0] : { kind: "either", nodes }
  }

  #row(): Node {
    const nodes: Node[] = []
    for (let next = this.#peek(); next !== "" && next !== "|" && next !== ")"; next = this.#peek()) {
      // The whole name is meant anyway.
      if (next === "$" && this.#at === this.#text.length - 1) this.#at++
      else nodes.push(this.#repeated(this.#atom()))
    }
    return { kind: "row", nodes }
  }

  #repeated(node: Node): Node {
    const bounds = this.#bounds()
    if (bounds === undefined) return node
    // Lazy or not, the same names match.
    if (this.#peek() === "?") this.#at++
    if ("*+?{".includes(this.#peek()) && this.#peek() !== "") throw this.#fault("nothing to repeat")
    return { kind: "repeat", node, ...bounds }
  }

  #bounds(): { min: number; max: number } | undefined {
    const next = this.#peek()
    const single = { "*": [0, Number.POSITIVE_INFINITY], "+": [1, Number.POSITIVE_INFINITY], "?": [0, 1] }[
      next
    ]
    if (single !== undefined) {
      this.#at++
      return { min: single[0], max: single[1] }
    }
    if (next !== "{") return undefined
    const [all, low, comma, high] = /^\{(\d{1,3})(,)?(\d{1,3})?\}/.exec(this.#text.slice(this.#at)) ?? []
    if (all === undefined) throw this.#fault("expected {n}, {n,} or {n,m}")
    const min = Number(low)
    const max = comma === undefined ? min : high === undefined ? Number.POSITIVE_INFINITY : Number(high)
    if (min > max || min > REPEATED_MAX || (max !== Number.POSITIVE_INFINITY && max > REPEATED_MAX)) {
      throw this.#fault(`expected at most ${REPEATED_MAX} repetitions, the lower bound first`)
    }
    this.#at += all.length
    return { min, max }
  }

  #atom(): Node {
    const next = this.#peek()
    if (next === "(") return this.#group()
    if (next === "[") return this.#class()
    if ("*+?{^$".includes(next)) throw this.#fault(`unexpected ${next}`)
    this.#at++
    if (next === ".") return { kind: "one", test: () => true }
    if (next !== "\\") return one(next)
    return this.#escaped()
  }

  #group(): Node {
    this.#at++
    if (this.#peek() === "?") {
      if (this.#text.charAt(this.#at + 1) !== ":")
        throw this.#fault("look-around and named groups are not known")
      this.#at += 2
    }
    const node = this.#either()
    if (this.#peek() !== ")") throw this.#fault("expected )")
    this.#at++
    return node
  }

  #escaped(): Node & { kind: "one" } {
    const next = this.#peek()
    const test = classes[next]
    if (test === undefined && !/^[^A-Za-z0-9]$/.test(next))
      throw this.#fault("expected \\d \\w \\s \\D \\W \\S or \\ and a sign")
    this.#at++
    return test === undefined ? one(next) : { kind: "one", test }
  }

  #class(): Node {
    this.#at++
    const negated = this.#peek() === "^"
    if (negated) this.#at++
    const tests: Test[] = []
    do {
      if (this.#peek() === "") throw this.#fault("expected ]")
      tests.push(this.#member())
    } while (this.#peek() !== "]")
    this.#at++
    const any: Test = code => tests.some(test => test(code))
    return { kind: "one", test: negated ? not(any) : any }
  }

  #member(): Test {
    const first = this.#text.charCodeAt(this.#at)
    const escaped = this.#text.charAt(this.#at++) === "\\"
    if (escaped) return this.#escaped().test
    const isRange = this.#peek() === "-" && !["]", "", "\\"].includes(this.#text.charAt(this.#at + 1))
    if (!isRange) return code => code === first
    const last = this.#text.charCodeAt(this.#at + 1)
    if (last < first) throw this.#fault("a range's end is below its start")
    this.#at += 2
    return code => code >= first && code <= last
  }
}

function one(text: string): Node & { kind: "one" } {
  const only = text.charCodeAt(0)
  return { kind: "one", test: code => code === only }
}
