import type { ColumnSpec } from "../../definition/table-spec.ts"
import type { ColumnBatch } from "../ingest/column.ts"
import type { TableInfo } from "../tables/table-item.ts"
import type { SegmentPointer } from "./segment-key.ts"

/** A segment that is about to be stored, for whatever makes something beside it. */
export interface CompanionRequest {
  readonly table: TableInfo
  readonly partition: number
  /** Of the file, in its order: hidden ones too. */
  readonly columns: readonly ColumnSpec[]
  /** The rows in the order of the file. */
  readonly batch: ColumnBatch
  /** The file: row groups and their places are in its footer. */
  readonly bytes: Uint8Array
}

/** What stands beside a segment: objects to be stored before a manifest names them, and what the pointer says of them. */
export interface Companions {
  readonly pointer: Pick<SegmentPointer, "zones" | "places" | "sidecar" | "rollups" | "rolled">
  readonly objects: readonly StoredBody[]
}

export interface StoredBody {
  readonly key: string
  readonly body: Uint8Array
}

/** Makes companions; pure but for fresh ids. */
export type MakeCompanions = (request: CompanionRequest) => Companions | Promise<Companions>

export const NO_COMPANIONS: Companions = { pointer: {}, objects: [] }

/** Makes what each of several makers makes. */
export function allCompanions(...makers: readonly MakeCompanions[]): MakeCompanions {
  return async request => {
    const made = await Promise.all(makers.map(make => make(request)))
    return {
      pointer: Object.assign({}, ...made.map(({ pointer }) => pointer)) as Companions["pointer"],
      objects: made.flatMap(({ objects }) => objects),
    }
  }
}
