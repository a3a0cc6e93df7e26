import type { ColumnSpec } from "../../../definition/table-spec.ts"
import { isNode, nodes, type TreeNode, type TreeValue, text } from "../../sql/syntax-tree.ts"
import type { Comparison, Predicate } from "../plan.ts"
import { constantFor, literalOf } from "./constant.ts"
import { aliased, columnOf, plainCall, type Scope } from "./scope.ts"
import { unplanned } from "./unplanned.ts"

const comparisons: Readonly<Record<string, Comparison>> = {
  COMPARE_EQUAL: "=",
  COMPARE_NOTEQUAL: "<>",
  COMPARE_LESSTHAN: "<",
  COMPARE_LESSTHANOREQUALTO: "<=",
  COMPARE_GREATERTHAN: ">",
  COMPARE_GREATERTHANOREQUALTO: ">=",
}

const mirrored: Readonly<Record<Comparison, Comparison>> = {
  "=": "=",
  "<>": "<>",
  "<": ">",
  "<=": ">=",
  ">": "<",
  ">=": "<=",
}

/** More terms cost the planner more than they save: each is judged by itself. */
const TERMS_MAX = 1_000

function nodeOf(value: TreeValue | undefined): TreeNode {
  return isNode(value) ? value : unplanned("an incomplete expression")
}

/** The column that a condition is about; an alias of one counts where no column has the name. */
function subject(node: TreeNode, scope: Scope): ColumnSpec {
  if (node.class !== "COLUMN_REF") return unplanned("a condition over an expression")
  const column = columnOf(node, scope)
  if (column !== undefined) return column
  const expression = aliased(node, scope)
  const meant = expression?.class === "COLUMN_REF" ? columnOf(expression, scope) : undefined
  return meant ?? unplanned("a condition over what is no column")
}

function comparison(node: TreeNode, scope: Scope): Predicate {
  const op = comparisons[text(node.type)] ?? unplanned(`the comparison ${text(node.type)}`)
  const [left, right] = [nodeOf(node.left), nodeOf(node.right)]
  const isMirrored = left.class !== "COLUMN_REF"
  const { name, type } = subject(isMirrored ? right : left, scope)
  const value = constantFor(isMirrored ? left : right, type)
  return { kind: "compare", op: isMirrored ? mirrored[op] : op, column: name, value }
}

function operator(node: TreeNode, scope: Scope): Predicate {
  const [first, ...rest] = nodes(node.children)
  const input = nodeOf(first)
  switch (text(node.type)) {
    case "OPERATOR_NOT":
      return { kind: "not", part: condition(input, scope) }
    case "OPERATOR_IS_NULL":
      return { kind: "null", column: subject(input, scope).name, negated: false }
    case "OPERATOR_IS_NOT_NULL":
      return { kind: "null", column: subject(input, scope).name, negated: true }
    case "COMPARE_IN":
    case "COMPARE_NOT_IN": {
      if (rest.length > TERMS_MAX) return unplanned(`more than ${TERMS_MAX} values`)
      const { name, type } = subject(input, scope)
      const values = rest.map(value => constantFor(value, type))
      return { kind: "in", column: name, values, negated: node.type === "COMPARE_NOT_IN" }
    }
    default:
      return unplanned(`the operator ${text(node.type)}`)
  }
}

function like(node: TreeNode, scope: Scope): Predicate {
  const call = plainCall(node)
  const [input, pattern] = call?.args ?? []
  if (call === undefined || input === undefined || pattern === undefined) {
    return unplanned("a function as a condition")
  }
  if (call.fn !== "~~" && call.fn !== "!~~") return unplanned(`${call.fn} as a condition`)
  const { name, type } = subject(input, scope)
  const literal = literalOf(pattern)
  if (type !== "string" || literal?.kind !== "text") return unplanned("LIKE beside what is no constant")
  return { kind: "like", column: name, pattern: literal.value, negated: call.fn === "!~~" }
}

function between(node: TreeNode, scope: Scope): Predicate {
  const { name, type } = subject(nodeOf(node.input), scope)
  const low = constantFor(nodeOf(node.lower), type)
  const high = constantFor(nodeOf(node.upper), type)
  return { kind: "between", column: name, low, high }
}

/** A condition over rows. Throws `Unplanned`. */
export function condition(node: TreeNode, scope: Scope): Predicate {
  switch (text(node.class)) {
    case "CONJUNCTION": {
      const parts = nodes(node.children)
      if (parts.length > TERMS_MAX) return unplanned(`more than ${TERMS_MAX} terms`)
      const kind = node.type === "CONJUNCTION_AND" ? "and" : "or"
      return { kind, parts: parts.map(part => condition(part, scope)) }
    }
    case "COMPARISON":
      return comparison(node, scope)
    case "BETWEEN":
      return between(node, scope)
    case "OPERATOR":
      return operator(node, scope)
    case "FUNCTION":
      return like(node, scope)
    case "COLUMN_REF": {
      const { name, type } = subject(node, scope)
      if (type !== "boolean") return unplanned(`a ${type} as a condition`)
      return { kind: "compare", op: "=", column: name, value: 1 }
    }
    default: {
      const literal = literalOf(node)
      if (literal?.kind === "boolean") return { kind: "constant", value: literal.value === 1 }
      return unplanned(`${text(node.class)} as a condition`)
    }
  }
}
