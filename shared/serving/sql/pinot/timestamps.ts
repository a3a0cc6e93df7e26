import { isNode, nodes, type TreeNode, text } from "../syntax-tree.ts"
import { call } from "../tree-build.ts"
import type { Surroundings } from "./call.ts"

/** Beside a TIMESTAMP, what may be epoch milliseconds: long whole numbers and what is calculated. */
function isNumberLike(node: TreeNode): boolean {
  if (node.class === "CONSTANT") {
    const type = isNode(node.value) && isNode(node.value.type) ? text(node.value.type.id) : ""
    return type === "BIGINT"
  }
  const name = text(node.function_name)
  // What Pinot's `now`, `ago` and conversions became.
  return node.class === "FUNCTION" && (/^(?:epoch_ms|pinot_)/.test(name) || isMillisArithmetic(node))
}

function isMillisArithmetic(node: TreeNode): boolean {
  return /^(?:[-+*]|\/\/)$/.test(text(node.function_name)) && nodes(node.children).some(isNumberLike)
}

/** A short whole number too, where what stands beside it tells that instants are numbers. */
function wrapped(node: TreeNode): TreeNode {
  const type = isNode(node.value) && isNode(node.value.type) ? text(node.value.type.id) : ""
  const isNumber = isNumberLike(node) || (node.class === "CONSTANT" && type === "INTEGER")
  return isNumber ? call("pinot_timestamp", [node]) : node
}

/**
 * A TIMESTAMP column beside epoch milliseconds, and `CAST(millis AS TIMESTAMP)`: to Pinot both are instants.
 * Undefined: nothing of the kind.
 */
export function timestampSide(node: TreeNode, { columnOf }: Surroundings): TreeNode | undefined {
  if (node.class === "CAST") {
    const target = isNode(node.cast_type) ? node.cast_type.id : undefined
    if (target !== "TIMESTAMP" || !isNode(node.child)) return undefined
    if (isNumberLike(node.child) && node.child.class === "FUNCTION")
      return call("pinot_timestamp", [node.child])
    const type = columnOf(node.child)?.type
    return type === "long" || type === "int" ? call("pinot_timestamp", [node.child]) : undefined
  }
  const isTimestamp = (side: TreeNode): boolean => columnOf(side)?.type === "timestamp"
  if (node.class === "COMPARISON" && isNode(node.left) && isNode(node.right)) {
    const { left, right } = node
    if (isNumberLike(right) && isTimestamp(left)) return { ...node, right: wrapped(right) }
    if (isNumberLike(left) && isTimestamp(right)) return { ...node, left: wrapped(left) }
    return undefined
  }
  if (node.class === "BETWEEN" && isNode(node.input) && isNode(node.lower) && isNode(node.upper)) {
    const isOurs = (isNumberLike(node.lower) || isNumberLike(node.upper)) && isTimestamp(node.input)
    return isOurs ? { ...node, lower: wrapped(node.lower), upper: wrapped(node.upper) } : undefined
  }
  if (node.class === "OPERATOR" && (node.type === "COMPARE_IN" || node.type === "COMPARE_NOT_IN")) {
    const [input, ...values] = nodes(node.children)
    const isOurs = input !== undefined && values.some(isNumberLike) && isTimestamp(input)
    return isOurs ? { ...node, children: [input, ...values.map(wrapped)] } : undefined
  }
  return undefined
}
