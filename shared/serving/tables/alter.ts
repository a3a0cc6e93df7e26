import { canonicalJson } from "../../definition/canonical.ts"
import type { Change } from "../../definition/change.ts"
import { planTable } from "../../definition/plan-table.ts"
import type { TableSpec } from "../../definition/table-spec.ts"
import type { TableInfo } from "./table-item.ts"

/** What a table is once it has a new definition, or why it cannot have it. */
export type Altered =
  | { readonly table: TableInfo }
  | { readonly refused: readonly Change[] }
  /** Its rows do not allow it: it is to be built anew, which the definition gives leave to. */
  | { readonly rebuild: true }

/**
 * Gives a table a new definition: columns may be added, hidden, shown again, widened and reordered, quantities may
 * change. Pure. Columns that the definition lacks stay in the files, hidden.
 */
export function alterTable(before: TableInfo, next: TableSpec): Altered {
  const changes: Change[] = []
  planTable(before, next, { owner: before.owner, changes })
  const refused = changes.filter(change => change.kind === "refused")
  if (refused.length > 0) return { refused }
  if (changes.some(({ rebuild }) => rebuild === true)) return { rebuild: true }
  const named = new Set(next.columns.map(({ name }) => name))
  const gone = before.spec.columns.filter(({ name }) => !named.has(name))
  const columns = [...next.columns, ...gone]
  const current = before.schemas.at(-1) ?? []
  const schemas =
    canonicalJson(current) === canonicalJson(columns) ? before.schemas : [...before.schemas, columns]
  const { stops: _stops, ...rest } = before
  const table = {
    ...rest,
    attached: true,
    spec: { ...next, columns },
    hidden: gone.map(({ name }) => name),
    schemas,
  }
  return { table }
}
