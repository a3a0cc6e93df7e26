import { isNode, nodes, type TreeNode, text } from "../syntax-tree.ts"
import { constantOf } from "./call.ts"

/** Pinot's function behind an operator. */
const operators: Readonly<Record<string, string>> = {
  "+": "plus",
  "-": "minus",
  "*": "times",
  "/": "divide",
  "%": "mod",
  "||": "concat",
}

const comparisons: Readonly<Record<string, string>> = {
  COMPARE_EQUAL: "equals",
  COMPARE_NOTEQUAL: "notequals",
  COMPARE_LESSTHAN: "lessthan",
  COMPARE_GREATERTHAN: "greaterthan",
  COMPARE_LESSTHANOREQUALTO: "lessthanorequal",
  COMPARE_GREATERTHANOREQUALTO: "greaterthanorequal",
}

/** A function's name without capitals and underscores, as Pinot tells functions apart. */
export function canonicalName(name: string): string {
  return name.toLowerCase().replaceAll("_", "")
}

function constantName(node: TreeNode): string {
  const value = constantOf(node)
  if (typeof value === "string") return `'${value}'`
  return value === undefined ? "null" : String(value)
}

function functionName(node: TreeNode): string {
  const written = text(node.function_name)
  const name = operators[written] ?? canonicalName(written)
  if (name === "countstar") return "count(*)"
  const args = nodes(node.children)
  if (name === "count" && args.length === 0) return "count(*)"
  if (name === "count" && node.distinct === true) return `distinctcount(${args.map(pinotName).join(",")})`
  const [value, percentile] = args
  if (name.startsWith("percentile") && value !== undefined && percentile !== undefined) {
    // As Java writes a double.
    const number = Number(constantOf(percentile))
    return `${name}(${pinotName(value)}, ${Number.isInteger(number) ? `${number}.0` : number})`
  }
  return `${name}(${args.map(pinotName).join(",")})`
}

/** The name that Pinot gives to a result column without an alias. */
export function pinotName(node: TreeNode): string {
  const type = text(node.type)
  switch (node.class) {
    case "COLUMN_REF":
      return Array.isArray(node.column_names) ? text(node.column_names.at(-1)) : ""
    case "CONSTANT":
      return constantName(node)
    case "FUNCTION": {
      const filter = isNode(node.filter) ? ` FILTER(WHERE ${pinotName(node.filter)})` : ""
      return functionName(node) + filter
    }
    case "CAST": {
      const inner = isNode(node.child) ? pinotName(node.child) : ""
      const target = isNode(node.cast_type) ? text(node.cast_type.id) : ""
      return `cast(${inner},'${target}')`
    }
    case "COMPARISON": {
      const sides = [node.left, node.right].map(side => (isNode(side) ? pinotName(side) : ""))
      return `${comparisons[type] ?? type.toLowerCase()}(${sides.join(",")})`
    }
    case "CONJUNCTION":
      return `${type === "CONJUNCTION_OR" ? "or" : "and"}(${nodes(node.children).map(pinotName).join(",")})`
    case "CASE":
      return "case"
    default:
      return `${type.replace(/^(?:OPERATOR|COMPARE)_/, "").toLowerCase()}(${nodes(node.children).map(pinotName).join(",")})`
  }
}
