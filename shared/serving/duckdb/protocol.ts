import type { Analysis, Dialect } from "../sql/engine.ts"
import type { Fault } from "../sql/engine-errors.ts"
import type { ParameterValue } from "../sql/parameters.ts"
import type { SqlAnswer } from "../types.ts"

/** What the parent asks of a child; a child answers each request once, in any order but for `run`, one at a time. */
export type ChildRequest =
  | {
      readonly id: number
      readonly kind: "analyze"
      readonly sql: string
      readonly dialect?: Dialect | undefined
    }
  | {
      readonly id: number
      readonly kind: "run"
      readonly sql: string
      /** Positions in `sql` tell nothing. */
      readonly isRewritten?: boolean | undefined
      readonly parameters?: readonly ParameterValue[] | undefined
      readonly views: readonly ViewDefinition[]
      readonly rowsMax: number
      readonly resultBytesMax: number
    }
  /** Stops what request `id` is doing; answered by that request's own reply. */
  | { readonly id: number; readonly kind: "interrupt" }

/** A table as a child sees it: a view over slot files. */
export interface ViewDefinition {
  readonly name: string
  /** The SELECT behind the view. */
  readonly select: string
}

export type ChildReply =
  | { readonly kind: "ready" }
  | ({ readonly id: number; readonly isWorn: boolean } & Outcome)

export type Outcome =
  | { readonly kind: "done"; readonly value: Analysis | SqlAnswer }
  | { readonly kind: "fault"; readonly fault: Fault }

/** A child's settings: its only argument, as JSON. */
/** Numbered slots with a common first letter. Thousands of names are too long for a command line; this is not. */
export interface SlotRange {
  readonly prefix: string
  readonly count: number
}

/** `s0000.parquet`, `s0001.parquet` … */
export function slotNames({ prefix, count }: SlotRange): string[] {
  return Array.from({ length: count }, (_, at) => `${prefix}${String(at).padStart(4, "0")}.parquet`)
}

export interface ChildSettings {
  /** The files that the child may open, in its working folder. */
  readonly slots: readonly SlotRange[]
  /** Where DuckDB writes a query's profile, in the working folder. */
  readonly profileName: string
  readonly memoryBytesMax: number
  /** A child that has grown by more than this since its start says so with its reply, and is replaced. */
  readonly grownBytesMax: number
  /** Where the system limits no memory: the child ends itself above this resident size. 0: no watchdog. */
  readonly residentBytesMax: number
}
