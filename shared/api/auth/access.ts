import { ApiError } from "../errors.ts"
import { ALL, allows, readScopes, type Scope, type SomeNeed, scopeText } from "./scopes.ts"
import type { Caller, Need } from "./types.ts"

const nouns = { key: "key", jwt: "token of", iam: "role" } as const

/** What one request may do. */
export class Access {
  readonly caller: Caller | undefined
  readonly #scopes: readonly Scope[] | typeof ALL

  /** @param caller undefined where nobody is asked who he is: then everything is allowed */
  constructor(caller: Caller | undefined) {
    this.caller = caller
    this.#scopes = caller === undefined ? ALL : readScopes(caller.scopes)
  }

  may(need: Need | SomeNeed): boolean {
    return allows(this.#scopes, need)
  }

  /**
   * The error for a request of which none of the needs is allowed; undefined: go on. It is the same whether or not there
   * is such a resource, so it must be asked before anything is looked up.
   */
  refusal(...anyOf: readonly (Need | SomeNeed)[]): ApiError | undefined {
    if (this.caller === undefined || anyOf.some(need => this.may(need))) return undefined
    const { by, name } = this.caller
    const need = anyOf.map(scopeText).join(" or ")
    const who = `The ${nouns[by]} ${JSON.stringify(name)}`
    return new ApiError("forbidden", `${who} has no scope that includes ${need}.`, { need })
  }

  /** The condition of which rows of tables the caller may know; undefined: all rows. */
  get rowFilter(): string | undefined {
    return this.caller?.rowFilter
  }

  /** Throws ApiError `forbidden` where the caller may know of some rows alone: what tells of others is not for him. */
  demandAllRows(what: string): void {
    if (this.rowFilter === undefined) return
    const who = `The ${nouns[this.caller?.by ?? "key"]} ${JSON.stringify(this.caller?.name)}`
    throw new ApiError("forbidden", `${who} has a row filter: ${what} tells of all rows.`)
  }

  /** Throws ApiError `forbidden`. */
  demand(...anyOf: readonly (Need | SomeNeed)[]): void {
    const refusal = this.refusal(...anyOf)
    if (refusal !== undefined) throw refusal
  }
}
