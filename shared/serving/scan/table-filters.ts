import type { ColumnSpec } from "../../definition/table-spec.ts"
import type { Predicate } from "../direct/plan.ts"
import { condition } from "../direct/planning/predicate.ts"
import { openScope, type Scope } from "../direct/planning/scope.ts"
import { Unplanned } from "../direct/planning/unplanned.ts"
import { folded } from "../sql/folded.ts"
import { isNode, nodes, type TreeNode, type TreeValue, text } from "../sql/syntax-tree.ts"

type Tables = ReadonlyMap<string, readonly ColumnSpec[]>

/** One place where a statement reads a table. */
interface Occurrence {
  readonly table: string
  /** What its WHERE says of the table alone; undefined: nothing. */
  readonly filter: Predicate | undefined
}

/**
 * By table a condition that every row that matters meets: what is judged after the table was joined by inner joins
 * alone may be judged before. Tables that are read in several places need one of the places' conditions. Pure.
 */
export function filtersOf(query: TreeNode, tables: Tables): ReadonlyMap<string, Predicate> {
  const occurrences: Occurrence[] = []
  const seen = new Set<TreeNode>()
  const visits: TreeValue[] = [query]
  for (let value = visits.pop(); value !== undefined; value = visits.pop()) {
    if (Array.isArray(value)) for (const item of value) visits.push(item)
    if (!isNode(value)) continue
    if (value.type === "SELECT_NODE") occurrences.push(...ofSelect(value, tables, seen))
    if (value.type === "BASE_TABLE" && value.class === undefined && !seen.has(value)) {
      occurrences.push({ table: folded(text(value.table_name)), filter: undefined })
    }
    for (const member of Object.values(value)) {
      if (typeof member === "object" && member !== null) visits.push(member)
    }
  }
  const filters = new Map<string, Predicate>()
  for (const name of tables.keys()) {
    const parts = occurrences.filter(({ table }) => table === name).map(({ filter }) => filter)
    if (parts.length === 0 || parts.includes(undefined)) continue
    const [first, second] = parts as Predicate[]
    if (first !== undefined) {
      filters.set(name, second === undefined ? first : { kind: "or", parts: parts as Predicate[] })
    }
  }
  return filters
}

/** The tables that a SELECT names itself, outside of any query within; they are marked as seen. */
function ofSelect(select: TreeNode, tables: Tables, seen: Set<TreeNode>): Occurrence[] {
  const from = isNode(select.from_table) ? select.from_table : undefined
  if (from === undefined) return []
  const sources: TreeNode[] = []
  const isOpen = plainSources(from, sources)
  const bases = sources.filter(({ type }) => type === "BASE_TABLE")
  const where = isNode(select.where_clause) ? select.where_clause : undefined
  const terms = where === undefined ? [] : termsOf(where)
  return bases.map(base => {
    seen.add(base)
    const table = folded(text(base.table_name))
    const columns = tables.get(table)
    if (!isOpen || columns === undefined || hasColumnAliases(base)) return { table, filter: undefined }
    const isAlone = sources.length === 1
    const list = isAlone ? nodes(select.select_list) : []
    const parts = terms.flatMap(term => termFor(term, base, list, columns, isAlone))
    const filter: Predicate | undefined = parts.length === 0 ? undefined : { kind: "and", parts }
    return { table, filter }
  })
}

const hasColumnAliases = ({ column_name_alias: names }: TreeNode) => Array.isArray(names) && names.length > 0

/** Collects what a FROM reads; false where a join does more than put rows beside each other. */
function plainSources(from: TreeNode, sources: TreeNode[]): boolean {
  if (from.type !== "JOIN") {
    sources.push(from)
    return (from.sample ?? null) === null
  }
  const isPlain = from.join_type === "INNER" && (from.ref_type === "REGULAR" || from.ref_type === "CROSS")
  const sides = [from.left, from.right].map(side => !isNode(side) || plainSources(side, sources))
  return isPlain && sides.every(Boolean)
}

function termsOf(where: TreeNode): readonly TreeNode[] {
  return where.class === "CONJUNCTION" && where.type === "CONJUNCTION_AND"
    ? nodes(where.children).flatMap(termsOf)
    : [where]
}

/** The term as a condition over the table; none where it is about more, or cannot be told. */
function termFor(
  term: TreeNode,
  base: TreeNode,
  list: readonly TreeNode[],
  columns: readonly ColumnSpec[],
  isAlone: boolean,
): readonly Predicate[] {
  try {
    const scope: Scope = openScope(base, list, columns)
    if (!isAlone && !isQualified(term, scope.table)) return []
    return [condition(term, scope)]
  } catch (error) {
    if (error instanceof Unplanned) return []
    throw error
  }
}

/** Whether each column that the term names is said to be of the table: beside others a plain name may be anybody's. */
function isQualified(term: TreeNode, table: string): boolean {
  if (term.class === "COLUMN_REF") {
    const names = Array.isArray(term.column_names) ? term.column_names.map(text) : []
    return names.length > 1 && folded(names[0] ?? "") === table
  }
  return Object.values(term).every(value =>
    isNode(value) ? isQualified(value, table) : nodes(value).every(node => isQualified(node, table)),
  )
}
