import type { ColumnSpec } from "../../../definition/table-spec.ts"
import { isNode, nodes, type TreeNode, type TreeValue, text } from "../../sql/syntax-tree.ts"
import type { AggregateCall, DirectPlan, Order, Output, Predicate, Scalar } from "../plan.ts"
import { isAggregate } from "./aggregate.ts"
import { literalOf } from "./constant.ts"
import { type Grouped, OutputPlanner, selected } from "./output.ts"
import { outputName } from "./output-name.ts"
import { condition } from "./predicate.ts"
import { scalar } from "./scalar.ts"
import { aliased, columnOf, folded, openScope, type Scope } from "./scope.ts"
import { Unplanned, unplanned } from "./unplanned.ts"

/** Pinot's limit for a statement that names none. */
export const LIMIT_DEFAULT = 10

/** Why the direct path does not answer a statement; for people. */
export interface NotDirect {
  readonly why: string
}

interface Item {
  readonly node: TreeNode
  readonly name: string
}

interface Select {
  readonly scope: Scope
  readonly items: readonly Item[]
  readonly node: TreeNode
  readonly orders: readonly TreeNode[]
  readonly isDistinct: boolean
}

function isEmpty(value: TreeValue | undefined): boolean {
  return value === undefined || value === null || (Array.isArray(value) && value.length === 0)
}

/** Whether a statement may be the direct path's, by its outline alone: one plain table, no WITH, nothing around it. */
export function isCandidate(query: TreeNode): boolean {
  const from = isNode(query.from_table) ? query.from_table : undefined
  const ctes = isNode(query.cte_map) ? query.cte_map.map : []
  return (
    query.type === "SELECT_NODE" &&
    from?.type === "BASE_TABLE" &&
    isEmpty(ctes) &&
    isEmpty(query.sample) &&
    isEmpty(query.qualify) &&
    isEmpty(from.sample) &&
    isEmpty(from.at_clause) &&
    isEmpty(from.column_name_alias)
  )
}

function expandStar(star: TreeNode, columns: readonly ColumnSpec[], scope: Scope): Item[] {
  const relation = folded(text(star.relation_name))
  const lists = [star.exclude_list, star.replace_list, star.qualified_exclude_list, star.rename_list]
  if (star.columns === true || !lists.every(isEmpty) || !isEmpty(star.expr)) {
    return unplanned("a star with changes")
  }
  if (relation !== "" && relation !== scope.table) return unplanned("a star of another table")
  return columns.map(({ name }) => ({
    node: { class: "COLUMN_REF", type: "COLUMN_REF", alias: "", column_names: [name] },
    name,
  }))
}

function readSelect(query: TreeNode, columns: readonly ColumnSpec[]): Select {
  if (!isCandidate(query)) return unplanned("not a SELECT of one plain table")
  const list = nodes(query.select_list)
  const from = isNode(query.from_table) ? query.from_table : {}
  const scope = openScope(from, list, columns)
  const items = list.flatMap(node =>
    node.class === "STAR" ? expandStar(node, columns, scope) : [{ node, name: outputName(node, scope) }],
  )
  const modifiers = nodes(query.modifiers)
  const known = ["DISTINCT_MODIFIER", "ORDER_MODIFIER", "LIMIT_MODIFIER"]
  if (modifiers.some(({ type }) => !known.includes(text(type)))) return unplanned("an unknown modifier")
  const distinct = modifiers.find(({ type }) => type === "DISTINCT_MODIFIER")
  if (distinct !== undefined && !isEmpty(distinct.distinct_on_targets)) return unplanned("DISTINCT ON")
  const orders = modifiers
    .filter(({ type }) => type === "ORDER_MODIFIER")
    .flatMap(modifier => nodes(modifier.orders))
  return { scope, items, node: query, orders, isDistinct: distinct !== undefined }
}

/** A whole number as a limit; anything that must be evaluated is DuckDB's. */
function count(value: TreeValue | undefined, absent: number): number {
  if (value === undefined || value === null) return absent
  const literal = isNode(value) ? literalOf(value) : undefined
  const isCount = literal?.kind === "integer" && literal.value >= 0
  return isCount ? literal.value : unplanned("a limit that is no whole number")
}

function limits(query: TreeNode): Pick<DirectPlan, "limit" | "skip"> {
  const modifier = nodes(query.modifiers).find(({ type }) => type === "LIMIT_MODIFIER")
  return { limit: count(modifier?.limit, LIMIT_DEFAULT), skip: count(modifier?.offset, 0) }
}

function holdsAggregate(node: TreeNode): boolean {
  if (isAggregate(node)) return true
  return Object.values(node).some(value =>
    isNode(value) ? holdsAggregate(value) : nodes(value).some(holdsAggregate),
  )
}

function groupNode(node: TreeNode, { scope, items }: Select): TreeNode {
  const literal = literalOf(node)
  if (literal !== undefined) {
    const at = literal.kind === "integer" ? items[literal.value - 1] : undefined
    return at?.node ?? unplanned("a group that is a constant")
  }
  if (node.class !== "COLUMN_REF" || columnOf(node, scope) !== undefined) return node
  return aliased(node, scope) ?? node
}

function groupNodes(select: Select): readonly TreeNode[] {
  const { node, items, isDistinct } = select
  const written = nodes(node.group_expressions)
  if (isDistinct) {
    const isPlain = written.length === 0 && !items.some(item => holdsAggregate(item.node))
    return isPlain && node.aggregate_handling === "STANDARD_HANDLING"
      ? items.map(item => item.node)
      : unplanned("DISTINCT beside groups")
  }
  if (node.aggregate_handling === "FORCE_AGGREGATES") {
    return items.map(item => item.node).filter(item => !holdsAggregate(item) && literalOf(item) === undefined)
  }
  const sets = Array.isArray(node.group_sets) ? node.group_sets : []
  const isOneSet = sets.length === 0 || (sets.length === 1 && nodesLength(sets[0]) === written.length)
  return isOneSet ? written.map(one => groupNode(one, select)) : unplanned("grouping sets")
}

function nodesLength(value: TreeValue | undefined): number {
  return Array.isArray(value) ? value.length : -1
}

const groupable = ["string", "int", "long", "boolean", "timestamp", "decimal", "json", "bytes"]

function groupOf(node: TreeNode, scope: Scope): Scalar {
  const value = scalar({ ...node, alias: "" }, scope)
  if (value.kind === "constant") return unplanned("a group that is a constant")
  return groupable.includes(value.type) ? value : unplanned(`groups of ${value.type}`)
}

/** What an ORDER BY item means: a position, an alias, or an expression. */
function orderOutput(
  node: TreeNode,
  { scope, items }: Select,
  outputs: readonly Output[],
  plan: (expression: TreeNode) => Output,
): Output {
  const literal = literalOf(node)
  if (literal !== undefined) {
    const at = literal.kind === "integer" ? outputs[literal.value - 1] : undefined
    return at ?? unplanned("an order by a constant")
  }
  if (node.class === "COLUMN_REF") {
    const expression = aliased(node, scope)
    const at = items.findIndex(item => item.node === expression)
    if (at >= 0) return outputs[at] ?? unplanned("no such output")
  }
  return plan(node)
}

function orderOf(select: Select, outputs: readonly Output[], plan: (node: TreeNode) => Output): Order[] {
  return select.orders.map(order => {
    const expression = isNode(order.expression) ? order.expression : unplanned("an incomplete order")
    const by = orderOutput(expression, select, outputs, plan)
    if (by.type === "bytes" || by.type === "json") return unplanned(`an order by ${by.type}`)
    return {
      by,
      descending: order.type === "DESCENDING",
      nullsFirst: order.null_order === "NULLS FIRST",
    }
  })
}

function planGrouped(select: Select, groups: readonly Scalar[], filter: Predicate | undefined): DirectPlan {
  const aggregates: AggregateCall[] = []
  const grouped: Grouped = { groups, aggregates }
  const planner = new OutputPlanner(select.scope, grouped)
  const values = select.items.map(({ node }) => planner.plan({ ...node, alias: "" }))
  const having = isNode(select.node.having) ? planner.plan(select.node.having) : undefined
  if (having !== undefined && having.type !== "boolean") return unplanned(`HAVING of a ${having.type}`)
  const order = orderOf(select, values, node => {
    const known = aggregates.length
    const by = planner.plan(node)
    if (select.isDistinct && (by.kind !== "group" || aggregates.length > known)) {
      return unplanned("DISTINCT in another order")
    }
    return by
  })
  return {
    table: text(isNode(select.node.from_table) ? select.node.from_table.table_name : ""),
    filter,
    groups,
    aggregates,
    outputs: values.map((value, at) => ({ name: select.items[at]?.name ?? "", value })),
    having,
    order,
    ...limits(select.node),
  }
}

function planRows(select: Select, filter: Predicate | undefined): DirectPlan {
  const values = select.items.map(({ node }) => selected(node, select.scope))
  return {
    table: text(isNode(select.node.from_table) ? select.node.from_table.table_name : ""),
    filter,
    groups: [],
    aggregates: [],
    outputs: values.map((value, at) => ({ name: select.items[at]?.name ?? "", value })),
    having: undefined,
    order: orderOf(select, values, node => selected(node, select.scope)),
    ...limits(select.node),
  }
}

function planOf(query: TreeNode, columns: readonly ColumnSpec[]): DirectPlan {
  const select = readSelect(query, columns)
  const where = isNode(query.where_clause) ? query.where_clause : undefined
  const filter = where === undefined ? undefined : condition(where, select.scope)
  const groups = groupNodes(select).map(node => groupOf(node, select.scope))
  const holds =
    groups.length > 0 || isNode(query.having) || select.items.some(({ node }) => holdsAggregate(node))
  const plan = holds ? planGrouped(select, groups, filter) : planRows(select, filter)
  return { ...plan, table: folded(plan.table) }
}

/**
 * The plan of a statement that the direct path can run with exactly DuckDB's answer; wherever a rule of types or names
 * is not certain, why not.
 * @param query the statement's node in the syntax tree, which passed the gate
 * @param columns the table's, as `SELECT *` gives them
 */
export function planDirect(query: TreeNode, columns: readonly ColumnSpec[]): DirectPlan | NotDirect {
  try {
    return planOf(query, columns)
  } catch (error) {
    if (error instanceof Unplanned) return { why: error.message }
    throw error
  }
}
