import { isNode, nodes, type TreeNode, text } from "../syntax-tree.ts"
import { call, comparison, not } from "../tree-build.ts"
import type { Surroundings } from "./call.ts"

/*
 * A condition over a multi-value column is true of a row where any of its values fulfils it; one that excludes (<>,
 * NOT IN, NOT LIKE) where all of them do.
 */

const mirrored: Readonly<Record<string, string>> = {
  COMPARE_EQUAL: "COMPARE_EQUAL",
  COMPARE_NOTEQUAL: "COMPARE_NOTEQUAL",
  COMPARE_LESSTHAN: "COMPARE_GREATERTHAN",
  COMPARE_GREATERTHAN: "COMPARE_LESSTHAN",
  COMPARE_LESSTHANOREQUALTO: "COMPARE_GREATERTHANOREQUALTO",
  COMPARE_GREATERTHANOREQUALTO: "COMPARE_LESSTHANOREQUALTO",
}

function overList(list: TreeNode, type: string, value: TreeNode): TreeNode | undefined {
  switch (type) {
    case "COMPARE_EQUAL":
      return call("list_contains", [list, value])
    case "COMPARE_NOTEQUAL":
      return not(call("list_contains", [list, value]))
    // Some value is above a bound if the greatest is.
    case "COMPARE_GREATERTHAN":
    case "COMPARE_GREATERTHANOREQUALTO":
      return comparison(type, call("list_max", [list]), value)
    case "COMPARE_LESSTHAN":
    case "COMPARE_LESSTHANOREQUALTO":
      return comparison(type, call("list_min", [list]), value)
    default:
      return undefined
  }
}

const likes: Readonly<Record<string, boolean>> = { "~~": false, "!~~": true }

/** What stands for a condition over a multi-value column; undefined: it is none. */
export function multiValueCondition(node: TreeNode, { columnOf }: Surroundings): TreeNode | undefined {
  const isList = (side: TreeNode | undefined): side is TreeNode => columnOf(side)?.list === true
  const type = text(node.type)
  if (node.class === "COMPARISON" && isNode(node.left) && isNode(node.right)) {
    if (isList(node.left) && isList(node.right)) return undefined
    if (isList(node.left)) return overList(node.left, type, node.right)
    if (isList(node.right)) return overList(node.right, mirrored[type] ?? "", node.left)
    return undefined
  }
  if (node.class === "BETWEEN" && isNode(node.input) && isNode(node.lower) && isNode(node.upper)) {
    return isList(node.input) ? call("pinot_any_between", [node.input, node.lower, node.upper]) : undefined
  }
  const [first, second, ...rest] = nodes(node.children)
  if (!isList(first) || second === undefined) return undefined
  if (node.class === "OPERATOR" && (type === "COMPARE_IN" || type === "COMPARE_NOT_IN")) {
    const any = call("list_has_any", [first, call("list_value", [second, ...rest])])
    return type === "COMPARE_IN" ? any : not(any)
  }
  const negated = node.class === "FUNCTION" ? likes[text(node.function_name)] : undefined
  if (negated === undefined) return undefined
  const any = call("pinot_any_like", [first, second])
  return negated ? not(any) : any
}
