import { markSite } from "./call-site.ts"
import { deepFreeze } from "./canonical.ts"
import type { Duration } from "./duration.ts"
import type { Job } from "./job/job.ts"
import type { Table } from "./table.ts"
import type { Topic } from "./topic.ts"

/** What a stage may change: quantities, never names, schemas or columns. */
export interface StageOverrides {
  readonly topics?: Readonly<Record<string, { readonly partitions?: number; readonly retention?: Duration }>>
  readonly tables?: Readonly<
    Record<string, { readonly rowGroupRows?: number; readonly retention?: Duration }>
  >
  readonly jobs?: Readonly<Record<string, { readonly memoryMb?: number; readonly concurrency?: number }>>
}

export interface AppOptions {
  /** Topics that no table reads need to be listed; those that tables read are included anyway. */
  readonly topics?: readonly Topic[]
  readonly tables?: readonly Table[]
  /** What is computed from topic to topic. The topics that jobs read and write are included anyway. */
  readonly jobs?: readonly Job[]
  /** Other quantities for a stage, by its name. */
  readonly stages?: Readonly<Record<string, StageOverrides>>
}

/** An app, as frozen data: the default export of an app file. */
export interface App {
  readonly kind: "app"
  readonly name: string
  readonly options: Readonly<Record<string, unknown>>
}

/**
 * Gathers what belongs together under one name.
 * @param name the app's identity: `[a-zA-Z0-9._-]{1,100}`
 */
export function defineApp(name: string, options: AppOptions): App {
  const copy: Record<string, unknown> = { ...options }
  for (const list of ["topics", "tables", "jobs"] as const) {
    if (Array.isArray(copy[list])) copy[list] = Object.freeze([...copy[list]])
  }
  deepFreeze(copy.stages)
  const made = Object.freeze({ kind: "app", name, options: Object.freeze(copy) } as const)
  markSite(made, defineApp)
  return made
}
