import type { ColumnSpec } from "../../../definition/table-spec.ts"
import { nodes, type TreeNode, text } from "../../sql/syntax-tree.ts"
import { unplanned } from "./unplanned.ts"

/** As DuckDB folds names: ASCII's capitals alone. */
export function folded(name: string): string {
  return name.replace(/[A-Z]+/g, capitals => capitals.toLowerCase())
}

/** What names mean in a statement. */
export interface Scope {
  readonly table: string
  /** By folded name. */
  readonly columns: ReadonlyMap<string, ColumnSpec>
  /** Expressions of the select list by the folded alias that was written. */
  readonly aliases: ReadonlyMap<string, TreeNode>
}

/**
 * @param from the tree's `from_table`: a plain table
 * @param list the select list
 */
export function openScope(
  from: TreeNode,
  list: readonly TreeNode[],
  columns: readonly ColumnSpec[],
): Scope & { readonly name: string } {
  const byName = new Map(columns.map(column => [folded(column.name), column]))
  if (byName.size < columns.length) unplanned("columns whose names differ in case alone")
  const aliases = new Map<string, TreeNode>()
  for (const item of list) {
    const alias = folded(text(item.alias))
    if (alias !== "" && !aliases.has(alias)) aliases.set(alias, item)
  }
  const name = folded(text(from.table_name))
  return { name, table: folded(text(from.alias)) || name, columns: byName, aliases }
}

/** The column that a COLUMN_REF names; undefined where there is none of the name. */
export function columnOf(node: TreeNode, scope: Scope): ColumnSpec | undefined {
  const names = Array.isArray(node.column_names) ? node.column_names.map(text) : []
  const [first = "", second] = names
  if (names.length > 2 || (second !== undefined && folded(first) !== scope.table)) {
    return unplanned(`'${names.join(".")}' is not a plain column`)
  }
  const column = scope.columns.get(folded(second ?? first))
  if (column?.list === true) return unplanned(`'${column.name}' is a list`)
  return column
}

/** The expression of an alias that a COLUMN_REF names. */
export function aliased(node: TreeNode, scope: Scope): TreeNode | undefined {
  const names = Array.isArray(node.column_names) ? node.column_names.map(text) : []
  return names.length === 1 ? scope.aliases.get(folded(names[0] ?? "")) : undefined
}

/** A function's call: its name and arguments, where nothing else is written that would change its meaning. */
export interface Call {
  readonly fn: string
  readonly args: readonly TreeNode[]
}

/** Undefined: no plain call of a function. */
export function plainCall(node: TreeNode): Call | undefined {
  if (node.class !== "FUNCTION") return undefined
  const isPlain = node.distinct !== true && (node.filter ?? null) === null && node.export_state !== true
  return isPlain ? callOf(node) : undefined
}

/** A function's call, whatever DISTINCT and FILTER say. */
export function callOf(node: TreeNode): Call | undefined {
  const order = node.order_bys
  const isOrdered =
    order !== null && typeof order === "object" && "orders" in order && nodes(order.orders).length > 0
  if (isOrdered) return unplanned("an aggregate with an order")
  return { fn: folded(text(node.function_name)), args: nodes(node.children) }
}
