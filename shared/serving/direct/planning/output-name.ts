import { columnName } from "../../sql/column-names.ts"
import { isNode, nodes, type TreeNode, type TreeValue, text } from "../../sql/syntax-tree.ts"
import { literalOf } from "./constant.ts"
import { keywords } from "./keywords.ts"
import { columnOf, type Scope } from "./scope.ts"
import { unplanned } from "./unplanned.ts"

/** A name as DuckDB writes it back: quoted where it could be taken for something else. */
function identifier(name: string): string {
  return /^[a-z_][a-z0-9_]*$/.test(name) && !keywords.has(name) ? name : `"${name.replaceAll('"', '""')}"`
}

const operatorWords: Readonly<Record<string, string>> = {
  COMPARE_EQUAL: "=",
  COMPARE_NOTEQUAL: "!=",
  COMPARE_LESSTHAN: "<",
  COMPARE_LESSTHANOREQUALTO: "<=",
  COMPARE_GREATERTHAN: ">",
  COMPARE_GREATERTHANOREQUALTO: ">=",
}

function constantText(node: TreeNode): string {
  const value = isNode(node.value) ? node.value : undefined
  const id = value !== undefined && isNode(value.type) ? text(value.type.id) : ""
  if (value === undefined || value.is_null === true) return unplanned("a constant without a name")
  if (id === "VARCHAR" && typeof value.value === "string") return `'${value.value.replaceAll("'", "''")}'`
  if ((id === "INTEGER" || id === "BIGINT") && typeof value.value === "number") return String(value.value)
  return id === "DOUBLE" && typeof value.value === "number" ? doubleText(value.value) : decimalText(value, id)
}

/** Numbers that everybody writes alike. */
function doubleText(value: number): string {
  const digits = String(value)
  if (!/^-?\d{1,15}(?:\.\d{1,6})?$/.test(digits)) return unplanned("a constant's name")
  return Number.isInteger(value) ? `${digits}.0` : digits
}

function decimalText({ type, value }: TreeNode, id: string): string {
  const info = isNode(type) && isNode(type.type_info) ? type.type_info : {}
  const scale = Number(info.scale ?? 0)
  if (id !== "DECIMAL" || typeof value !== "number" || scale === 0) return unplanned("a constant's name")
  const digits = String(Math.abs(value)).padStart(scale + 1, "0")
  return `${value < 0 ? "-" : ""}${digits.slice(0, -scale)}.${digits.slice(-scale)}`
}

function functionText(node: TreeNode): string {
  const name = text(node.function_name)
  const args = nodes(node.children).map(expressionText)
  if (node.is_operator === true) {
    const [first, second] = args
    return second === undefined ? `${name}(${first})` : `(${first} ${name} ${second})`
  }
  const written = name === "count_star" ? name : identifier(name)
  const schema = text(node.schema) === "" ? "" : `${identifier(text(node.schema))}.`
  const distinct = node.distinct === true ? "DISTINCT " : ""
  const filter = isNode(node.filter) ? ` FILTER (WHERE ${expressionText(node.filter)})` : ""
  return `${schema}${written}(${distinct}${args.join(", ")})${filter}`
}

function operatorText(node: TreeNode): string {
  const [first = "", ...rest] = nodes(node.children).map(expressionText)
  switch (text(node.type)) {
    case "OPERATOR_NOT":
      return `(NOT ${first})`
    case "OPERATOR_IS_NULL":
      return `(${first} IS NULL)`
    case "OPERATOR_IS_NOT_NULL":
      return `(${first} IS NOT NULL)`
    case "COMPARE_IN":
      return `(${first} IN (${rest.join(", ")}))`
    case "COMPARE_NOT_IN":
      return `(${first} NOT IN (${rest.join(", ")}))`
    default:
      return unplanned(`the name of ${text(node.type)}`)
  }
}

function expressionText(value: TreeValue | undefined): string {
  const node = isNode(value) ? value : {}
  switch (text(node.class)) {
    case "COLUMN_REF": {
      const names = Array.isArray(node.column_names) ? node.column_names : []
      return names.map(name => identifier(text(name))).join(".")
    }
    case "CONSTANT":
      return constantText(node)
    case "CAST": {
      const literal = literalOf(node)
      if (literal?.kind !== "boolean") return unplanned("the name of CAST")
      return `CAST('${literal.value === 1 ? "t" : "f"}' AS BOOLEAN)`
    }
    case "FUNCTION":
      return functionText(node)
    case "COMPARISON":
      return `(${expressionText(node.left)} ${operatorWords[text(node.type)] ?? unplanned("a name")} ${expressionText(node.right)})`
    case "CONJUNCTION": {
      const word = node.type === "CONJUNCTION_AND" ? " AND " : " OR "
      return `(${nodes(node.children).map(expressionText).join(word)})`
    }
    case "BETWEEN":
      return `(${expressionText(node.input)} BETWEEN ${expressionText(node.lower)} AND ${expressionText(node.upper)})`
    case "OPERATOR":
      return operatorText(node)
    default:
      return unplanned(`the name of ${text(node.class)}`)
  }
}

/** The name of a result column as the other engine gives it: the alias, the column's, or the expression's text. */
export function outputName(item: TreeNode, scope: Scope): string {
  const alias = text(item.alias)
  if (alias !== "") return columnName(alias)
  if (item.class === "COLUMN_REF") return columnName(columnOf(item, scope)?.name ?? unplanned("no column"))
  return columnName(expressionText(item))
}
