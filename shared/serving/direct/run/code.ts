import { LRUCache } from "lru-cache"

/** Functions kept: of some hundred statements over blocks of differing types. */
const FUNCTIONS_KEPT = 2_000

const functions = new LRUCache<string, (args: readonly unknown[], ...rest: never[]) => number>({
  max: FUNCTIONS_KEPT,
})

/**
 * A loop that is made for one shape of a statement: its source holds operators and names of arguments, and never a
 * word of the statement; constants, masks and columns are arguments. Equal sources over arrays of equal types are one
 * function, so that each sees one type of array and is compiled to plain loads.
 */
export class Code {
  readonly args: unknown[] = []
  readonly #names = new Map<unknown, string>()
  #kinds = ""

  /** The name of an argument; equal objects have one name. */
  bind(value: object | number): string {
    const known = typeof value === "object" ? this.#names.get(value) : undefined
    if (known !== undefined) return known
    const name = `p${this.args.length}`
    this.args.push(value)
    this.#kinds += `${typeof value === "object" ? value.constructor.name : ""},`
    if (typeof value === "object") this.#names.set(value, name)
    return name
  }

  /**
   * The function with this body.
   * @param parameters names of what it takes after its arguments
   */
  compile<Run extends (args: readonly unknown[], ...rest: never[]) => number>(
    parameters: string,
    body: string,
  ): Run {
    const key = `${this.#kinds}\n${parameters}\n${body}`
    const known = functions.get(key)
    if (known !== undefined) return known as Run
    const names = this.args.map((_, at) => `p${at}=A[${at}]`).join(",")
    const bound = names === "" ? "" : `const ${names};`
    const made = new Function("A", ...parameters.split(","), `"use strict";${bound}${body}`) as Run
    functions.set(key, made)
    return made
  }
}
