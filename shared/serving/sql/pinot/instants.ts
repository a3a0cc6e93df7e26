import { isNode, nodes, type TreeNode, text } from "../syntax-tree.ts"
import { call, cast } from "../tree-build.ts"
import type { Surroundings } from "./call.ts"

/** How an expression says an instant; undefined: it is not known before DuckDB binds it. */
export type InstantKind = "timestamp" | "long" | "number" | undefined

const byCast: Readonly<Record<string, InstantKind>> = {
  TIMESTAMP: "timestamp",
  BIGINT: "long",
  INTEGER: "number",
  DOUBLE: "number",
  FLOAT: "number",
  DECIMAL: "number",
}

const byColumn: Readonly<Record<string, InstantKind>> = {
  timestamp: "timestamp",
  long: "long",
  int: "number",
  float: "number",
  double: "number",
  decimal: "number",
}

/** Functions that give what their first argument is. */
const passing = new Set(
  "min max any_value first last arg_max arg_min mode lag lead coalesce greatest least".split(" "),
)
const timestamps = new Set(["date_trunc", "pinot_timestamp", "pinot_local", "pinot_bucket", "time_bucket"])
const longs = new Set([
  "count",
  "count_star",
  "pinot_millis",
  "pinot_trunc",
  "pinot_trunc_zone",
  "pinot_utc_millis",
])

function ofFunction(node: TreeNode, around: Surroundings): InstantKind {
  const name = text(node.function_name)
  const kinds = (): InstantKind[] => nodes(node.children).map(child => instantKind(child, around))
  if (passing.has(name)) return kinds()[0]
  if (timestamps.has(name)) return "timestamp"
  if (longs.has(name)) return "long"
  if (name === "sum" || name === "avg") return "number"
  if (name === "epoch_ms") {
    const [kind] = kinds()
    // It goes both ways.
    return kind === undefined ? undefined : kind === "timestamp" ? "long" : "timestamp"
  }
  if (!/^(?:[-+*/%]|\/\/)$/.test(name)) return undefined
  return kinds().every(kind => kind === "long" || kind === "number") ? "number" : undefined
}

export function instantKind(node: TreeNode, around: Surroundings): InstantKind {
  switch (node.class) {
    case "COLUMN_REF": {
      const column = around.columnOf(node)
      return column === undefined || column.list === true ? undefined : byColumn[column.type]
    }
    case "CONSTANT": {
      const type = isNode(node.value) && isNode(node.value.type) ? text(node.value.type.id) : ""
      return byCast[type]
    }
    case "CAST":
      return byCast[isNode(node.cast_type) ? text(node.cast_type.id) : ""]
    case "FUNCTION":
      return ofFunction(node, around)
    case "OPERATOR": {
      const [first] = nodes(node.children)
      return node.type === "OPERATOR_COALESCE" && first !== undefined ? instantKind(first, around) : undefined
    }
    default:
      return undefined
  }
}

/** Epoch milliseconds. Where the kind is known no macro is needed, which could not tell of an aggregate's. */
export function millisOf(node: TreeNode, around: Surroundings): TreeNode {
  const kind = instantKind(node, around)
  if (kind === undefined) return call("pinot_millis", [node])
  if (kind === "timestamp") return call("epoch_ms", [node])
  return kind === "long" ? node : cast(node, "BIGINT")
}

export function timestampOf(node: TreeNode, around: Surroundings): TreeNode {
  const kind = instantKind(node, around)
  if (kind === undefined) return call("pinot_timestamp", [node])
  return kind === "timestamp" ? node : call("epoch_ms", [kind === "long" ? node : cast(node, "BIGINT")])
}
