import type { ColumnSpec } from "../../definition/table-spec.ts"
import type { Predicate } from "../direct/plan.ts"
import { folded } from "../sql/folded.ts"
import { isNode, type TreeNode, type TreeValue, text } from "../sql/syntax-tree.ts"
import { filtersOf } from "./table-filters.ts"

/** What a statement reads of one table. */
export interface TableNeeds {
  /** Folded names of columns, perhaps of other tables too; absent: all. */
  readonly columns?: ReadonlySet<string>
  /** Rows for which it is not true cannot matter; absent: any row may. */
  readonly filter?: Predicate
}

interface Found {
  /** Folded parts of all names of columns. */
  readonly names: Set<string>
  /** Those that stand alone. */
  readonly plain: Set<string>
  /** Folded names and aliases of tables. */
  readonly tables: Set<string>
  all: boolean
}

/** Nodes that stand for columns without naming them. */
const NAMELESS: ReadonlySet<string> = new Set(["STAR", "POSITIONAL_REFERENCE"])

/**
 * What a statement needs of its tables, by folded name. Columns are not resolved: whatever is named anywhere counts for
 * every table. Pure.
 * @param query the outermost query, parameters bound; absent: everything is needed
 */
export function needsOf(
  query: TreeNode | undefined,
  tables: ReadonlyMap<string, readonly ColumnSpec[]>,
): ReadonlyMap<string, TableNeeds> {
  if (query === undefined) return new Map()
  const found: Found = { names: new Set(), plain: new Set(), tables: new Set(), all: false }
  // A stack of our own: a query may nest deeper than the engine's call stack.
  const visits: TreeValue[] = [query]
  for (let value = visits.pop(); value !== undefined; value = visits.pop()) {
    if (Array.isArray(value)) for (const item of value) visits.push(item)
    else if (isNode(value)) {
      collect(value, found)
      for (const member of Object.values(value)) {
        if (typeof member === "object" && member !== null) visits.push(member)
      }
    }
  }
  // A table's name as a value is its whole row.
  const isWhole = found.all || [...found.tables].some(name => found.plain.has(name))
  const filters = filtersOf(query, tables)
  return new Map(
    [...tables.keys()].map(name => {
      const filter = filters.get(name)
      return [
        name,
        {
          ...(isWhole ? {} : { columns: found.names }),
          ...(filter === undefined ? {} : { filter }),
        },
      ]
    }),
  )
}

function collect(node: TreeNode, found: Found): void {
  if (NAMELESS.has(text(node.class)) || node.type === "PIVOT" || node.ref_type === "NATURAL") found.all = true
  for (const names of [node.column_names, node.using_columns]) {
    if (!Array.isArray(names)) continue
    const parts = names.map(name => folded(text(name)))
    for (const part of parts) found.names.add(part)
    if (parts.length === 1) found.plain.add(parts[0]!)
  }
  if (node.type !== "BASE_TABLE") return
  found.tables.add(folded(text(node.table_name)))
  if (text(node.alias) !== "") found.tables.add(folded(text(node.alias)))
  // Columns renamed here are named by other names elsewhere.
  if (Array.isArray(node.column_name_alias) && node.column_name_alias.length > 0) found.all = true
}
