import type { ColumnSpec } from "../../../definition/table-spec.ts"
import { Refusal } from "../refusal.ts"
import { isNode, type TreeNode, text } from "../syntax-tree.ts"

/** What is known of a column that an expression names. */
export type KnownColumn = Pick<ColumnSpec, "type" | "list">

/** What a function's rewriting sees of the statement around it. */
export interface Surroundings {
  readonly pinotCompat: boolean
  readonly nullHandling: boolean
  /** Undefined: not a plain column of one of the tables, or not known yet; then the statement is read again. */
  columnOf(node: TreeNode | undefined): KnownColumn | undefined
}

/** One call of a function, as its rewriting sees it. */
export interface PinotCall extends Surroundings {
  /** As it was written. */
  readonly name: string
  readonly node: TreeNode
  readonly args: readonly TreeNode[]
}

/** What stands in a call's place; undefined: it is not Pinot's, and stays as it is. */
export type Rewriting = (call: PinotCall) => TreeNode | undefined

/** Throws `Refusal` where a call does not have as many arguments as its function takes. */
export function arity({ name, args, node }: PinotCall, least: number, most = least): void {
  if (args.length >= least && args.length <= most) return
  const expected = least === most ? `${least}` : `${least} to ${most}`
  throw new Refusal("query_validation", `${name} takes ${expected} arguments, found ${args.length}`, node)
}

export function argument(call: PinotCall, at: number): TreeNode {
  const found = call.args[at]
  if (found !== undefined) return found
  throw new Refusal("query_validation", `${call.name} lacks its argument ${at + 1}`, call.node)
}

/** A constant's value; undefined for anything else. */
export function constantOf(node: TreeNode | undefined): string | number | bigint | undefined {
  const value = node?.class === "CONSTANT" && isNode(node.value) ? node.value : undefined
  if (value === undefined || value.is_null === true) return undefined
  const type = isNode(value.type) ? value.type : {}
  if (type.id === "DECIMAL" && isNode(type.type_info)) {
    return Number(value.value) / 10 ** Number(type.type_info.scale)
  }
  const found = value.value
  return typeof found === "string" || typeof found === "number" || typeof found === "bigint"
    ? found
    : undefined
}

/** An argument that must be written out as text; a double-quoted name counts, as Pinot takes it. */
export function textArgument(call: PinotCall, at: number, expected: string): string {
  const node = argument(call, at)
  const value = constantOf(node)
  if (typeof value === "string") return value
  throw new Refusal("query_validation", `${call.name}: expected ${expected} as argument ${at + 1}`, node)
}

/** An argument that must be written out as a number. */
export function numberArgument(call: PinotCall, at: number, expected: string): number {
  const node = argument(call, at)
  const value = constantOf(node)
  if (typeof value === "number" || typeof value === "bigint") return Number(value)
  throw new Refusal("query_validation", `${call.name}: expected ${expected} as argument ${at + 1}`, node)
}

/** A plain column's name; empty for anything else. */
export function plainName(node: TreeNode | undefined): string {
  const names = node?.class === "COLUMN_REF" ? node.column_names : undefined
  return Array.isArray(names) ? text(names.at(-1)) : ""
}
