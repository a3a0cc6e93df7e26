import type { Owner } from "./app-definition.ts"
import { at } from "./faults.ts"

/** One difference between what stands and what a definition asks for. */
export interface Change {
  /** `safe`: done at once; `background`: done at once, complete later; `refused`: nothing of the plan is done. */
  readonly kind: "safe" | "background" | "refused"
  /** What is to be done to the resource; a refused change is a `create`, `attach` or `alter` that cannot be. */
  readonly action: "create" | "attach" | "alter" | "detach"
  readonly resource: "topic" | "table" | "job"
  readonly name: string
  /** `tables.flights.columns.delay`. */
  readonly path: string
  /** In words: `type int → long`. */
  readonly what: string
  /** Why it is refused. */
  readonly reason?: string
  /** What to do about a refusal. */
  readonly remedy?: string
  /** The rows that stand do not allow it: the table is built anew. */
  readonly rebuild?: true
}

/** What the planners of topics, tables and jobs are told. */
export interface PlanContext {
  readonly owner: Owner
  readonly changes: Change[]
}

/** Notes a change of one resource; `path` is relative to it. */
export type Note = (
  kind: Change["kind"],
  path: string,
  what: string,
  why?: Pick<Change, "reason" | "remedy" | "rebuild">,
  action?: Change["action"],
) => void

export function noteFor(resource: Change["resource"], name: string, { changes }: PlanContext): Note {
  const base = at(`${resource}s`, name)
  return (kind, path, what, why, action = "alter") => {
    changes.push({ kind, action, resource, name, path: base + path, what, ...why })
  }
}

/** `1 → 2`. */
export function arrow(from: unknown, to: unknown): string {
  return `${from === undefined ? "unset" : String(from)} → ${to === undefined ? "unset" : String(to)}`
}

/** Who owns a resource, in words. */
export function ownerText(owner: Owner): string {
  return owner === "http" ? "a request over HTTP" : `the app ${owner.slice("app:".length)}`
}
