import {
  NAME_EXPECTED,
  NAME_PATTERN,
  TABLE_NAME_EXPECTED,
  TABLE_NAME_PATTERN,
} from "../../definition/names.ts"
import type { Need } from "./types.ts"

type Kind = Need["kind"]

/** What a scope allows: `kind:name:action`. */
export interface Scope {
  readonly kind: Kind
  readonly name: string
  /** The name stands for all that begin with it. */
  readonly prefix: boolean
  readonly action: Need["action"]
}

/** Some resource of a kind, whichever: what must be allowed where the resource is not named yet. */
export interface SomeNeed {
  readonly kind: "topic" | "table" | "job" | "group" | "transaction"
  readonly some: true
  readonly action: Need["action"]
}

/** `*`: everything. */
export const ALL = "*"

const actions: Readonly<Record<Kind, readonly string[]>> = {
  topic: ["read", "write", "admin"],
  table: ["query", "admin"],
  job: ["read", "admin"],
  group: ["read", "admin"],
  transaction: ["write"],
  deployment: ["admin"],
}

const kinds = Object.keys(actions)

function nameFault(kind: Kind, name: string): string | undefined {
  if (kind === "deployment") return name === "*" ? undefined : "expected * as the deployment's name"
  const exact = name.endsWith("*") ? name.slice(0, -1) : name
  if (name === "*") return undefined
  const [pattern, expected] =
    kind === "table" ? [TABLE_NAME_PATTERN, TABLE_NAME_EXPECTED] : [NAME_PATTERN, NAME_EXPECTED]
  return pattern.test(exact)
    ? undefined
    : `expected a ${kind}'s name (${expected}), or a prefix of names and *, got ${JSON.stringify(name)}`
}

/** A scope's meaning, or what is wrong with its text. `*` is not read here. */
export function parseScope(text: string): Scope | string {
  const [kind = "", name = "", action = "", ...more] = text.split(":")
  if (more.length > 0 || action === "") return "expected kind:name:action, or * for everything"
  if (!kinds.includes(kind)) return `expected ${kinds.join(", ")} before the first colon`
  const known = actions[kind as Kind]
  if (!known.includes(action)) return `expected ${known.join(", ")} after the second colon`
  const fault = nameFault(kind as Kind, name)
  if (fault !== undefined) return fault
  const prefix = name.endsWith("*")
  return {
    kind: kind as Kind,
    name: prefix ? name.slice(0, -1) : name,
    prefix,
    action: action as Scope["action"],
  }
}

/** What is wrong with a scope that is to be given to a key, else undefined. */
export function scopeFault(text: string): string | undefined {
  if (text === ALL) return undefined
  const scope = parseScope(text)
  return typeof scope === "string" ? scope : undefined
}

/** The scopes that mean something here; a token may carry others'. */
export function readScopes(texts: readonly string[]): readonly Scope[] | typeof ALL {
  if (texts.includes(ALL)) return ALL
  return texts.map(parseScope).filter(scope => typeof scope !== "string")
}

const covers = (scope: Scope, { kind, action }: Need | SomeNeed) =>
  scope.kind === kind && (scope.action === action || scope.action === "admin")

/** Whether any of the scopes includes what is needed. */
export function allows(scopes: readonly Scope[] | typeof ALL, need: Need | SomeNeed): boolean {
  if (scopes === ALL) return true
  return scopes.some(scope => {
    if (!covers(scope, need)) return false
    if ("some" in need || need.kind === "deployment") return true
    return scope.prefix ? need.name.startsWith(scope.name) : need.name === scope.name
  })
}

/** The least scope that includes what is needed. */
export function scopeText(need: Need | SomeNeed): string {
  const name = "some" in need ? "…" : need.kind === "deployment" ? "*" : need.name
  return `${need.kind}:${name}:${need.action}`
}
