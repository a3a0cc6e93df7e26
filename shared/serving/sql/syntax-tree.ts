/**
 * A node of DuckDB's syntax tree, as `json_serialize_sql` writes it. An integer that a number cannot hold is a bigint;
 * what a DOUBLE holds is a number, whole or not.
 */
export type TreeNode = { readonly [key: string]: TreeValue }
export type TreeValue = null | boolean | number | bigint | string | readonly TreeValue[] | TreeNode

/** Digits of a constant that may be beyond 2^53. */
const LONG_INTEGER = /[{,]"(?:value|upper|lower)":-?\d{16,}[,}]/

/** `context` is the third argument that engines give since ES2026; the typings do not know it yet. */
function exactly(_key: string, value: TreeValue, context?: { readonly source?: string }): TreeValue {
  const source = context?.source ?? ""
  const isLong = typeof value === "number" && !Number.isSafeInteger(value) && /^-?\d+$/.test(source)
  return isLong ? BigInt(source) : value
}

/** Reads a tree. Positions that are not known (2^64 − 1) may lose their last digits. */
export function parseTree(json: string): TreeNode {
  const tree: TreeValue = LONG_INTEGER.test(json) ? JSON.parse(json, exactly) : JSON.parse(json)
  return isNode(tree) ? tree : {}
}

/** What DuckDB writes of a DOUBLE constant, it reads as DECIMAL: it is written as a cast of text. */
function doubleText({ value, ...node }: TreeNode, left: Budget): string | undefined {
  if (node.class !== "CONSTANT" || !isNode(value) || !isNode(value.type)) return undefined
  const { id } = value.type
  if ((id !== "DOUBLE" && id !== "FLOAT") || value.is_null === true) return undefined
  const type = { id: "VARCHAR", type_info: null }
  const digits = { ...node, alias: "", value: { type, is_null: false, value: String(value.value) } }
  const cast_type = { id, type_info: null }
  const { alias = "" } = node
  return writeValue(
    {
      class: "CAST",
      type: "OPERATOR_CAST",
      alias,
      child: digits,
      cast_type,
      try_cast: false,
    },
    left,
  )
}

/**
 * Values in a tree that is written. A statement of 256 KB has some 400,000 of them; a rewriting may use an argument twice,
 * and arguments nest.
 */
const WRITTEN_VALUES_MAX = 600_000

/** What is left of them. */
interface Budget {
  values: number
}

function writeValue(value: TreeValue, left: Budget): string {
  if (--left.values < 0) throw new RangeError("the statement is too large once it is rewritten")
  if (typeof value === "bigint") return String(value)
  if (Array.isArray(value)) return `[${value.map(item => writeValue(item, left)).join(",")}]`
  if (!isNode(value)) return JSON.stringify(value)
  const double = doubleText(value, left)
  if (double !== undefined) return double
  const members = Object.entries(value)
    // Positions tell of another text than the one that is made of this tree.
    .filter(([key]) => key !== "query_location")
    .map(([key, member]) => `${JSON.stringify(key)}:${writeValue(member, left)}`)
  return `{${members.join(",")}}`
}

/** A statement's outermost query as `json_deserialize_sql` reads it. Throws `RangeError` for one that is too large or too deep. */
export function writeTree(query: TreeNode): string {
  return `{"error":false,"statements":[{"node":${writeValue(query, { values: WRITTEN_VALUES_MAX })},"named_param_map":[]}]}`
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
