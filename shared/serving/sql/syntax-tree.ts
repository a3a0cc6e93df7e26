/** A node of DuckDB's syntax tree, as `json_serialize_sql` writes it. */
export type TreeNode = { readonly [key: string]: TreeValue }
export type TreeValue = null | boolean | number | string | readonly TreeValue[] | TreeNode

/**
 * Reads a tree. Numbers above 2^53 (only `query_location`, where it is unknown, and large constants) lose their last
 * digits: the gate reads none of them, and a tree is never written back.
 */
export function parseTree(json: string): TreeNode {
  const tree: TreeValue = JSON.parse(json)
  return isNode(tree) ? tree : {}
}

export function isNode(value: TreeValue | undefined): value is TreeNode {
  return typeof value === "object" && value !== null && !Array.isArray(value)
}

export function nodes(value: TreeValue | undefined): readonly TreeNode[] {
  return Array.isArray(value) ? value.filter(isNode) : []
}

export function text(value: TreeValue | undefined): string {
  return typeof value === "string" ? value : ""
}
