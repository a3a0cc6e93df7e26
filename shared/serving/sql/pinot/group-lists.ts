import { isNode, nodes, type TreeNode, text } from "../syntax-tree.ts"
import { call, column } from "../tree-build.ts"
import { type KnownColumn, plainName } from "./call.ts"

const noModifiers: readonly TreeNode[] = []

/** `SELECT * REPLACE (unnest(c) AS c) FROM … WHERE …` as a table of its own. */
function exploded(node: TreeNode, lists: readonly string[]): TreeNode {
  const star = {
    class: "STAR",
    type: "STAR",
    alias: "",
    relation_name: "",
    exclude_list: [],
    replace_list: lists.map(name => ({ key: name, value: call("unnest", [column(name)]) })),
    columns: false,
    expr: null,
    qualified_exclude_list: [],
    rename_list: [],
  }
  const query = {
    ...node,
    modifiers: noModifiers,
    cte_map: { map: [] },
    select_list: [star],
    group_expressions: [],
    group_sets: [],
    having: null,
    qualify: null,
    aggregate_handling: "STANDARD_HANDLING",
  }
  const from = isNode(node.from_table) ? node.from_table : {}
  return {
    type: "SUBQUERY",
    alias: text(from.alias) === "" ? text(from.table_name) : text(from.alias),
    sample: null,
    subquery: { node: query, named_param_map: [] },
    column_name_alias: [],
  }
}

/**
 * A query over one table that groups by multi-value columns: to Pinot a row then stands in the group of each of its
 * values. Conditions are judged of whole rows, before.
 */
export function explodeGroups(
  node: TreeNode,
  columnOf: (node: TreeNode) => KnownColumn | undefined,
): TreeNode {
  const groups = nodes(node.group_expressions)
  const isOneTable = isNode(node.from_table) && node.from_table.type === "BASE_TABLE"
  if (!isOneTable || groups.length === 0) return node
  const lists = new Set(groups.filter(group => columnOf(group)?.list === true).map(plainName))
  if (lists.size === 0) return node
  return { ...node, from_table: exploded(node, [...lists]), where_clause: null }
}
