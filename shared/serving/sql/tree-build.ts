import type { TreeNode, TreeValue } from "./syntax-tree.ts"

// Nodes of DuckDB's syntax tree. Every member stands there: its reader fills in none.

const noOrder = { type: "ORDER_MODIFIER", orders: [] } as const

/** A call. `like` gives DISTINCT, FILTER, ORDER BY and alias of a call in whose place it stands. */
export function call(name: string, children: readonly TreeNode[], like: TreeNode = {}): TreeNode {
  return {
    class: "FUNCTION",
    type: "FUNCTION",
    alias: like.alias ?? "",
    function_name: name,
    schema: "",
    children,
    filter: like.filter ?? null,
    order_bys: like.order_bys ?? noOrder,
    distinct: like.distinct ?? false,
    is_operator: false,
    export_state: false,
    catalog: "",
  }
}

/** An operator with two sides: arithmetic, concatenation. */
export function operator(name: string, left: TreeNode, right: TreeNode): TreeNode {
  return { ...call(name, [left, right]), is_operator: true }
}

export function column(...names: readonly string[]): TreeNode {
  return { class: "COLUMN_REF", type: "COLUMN_REF", alias: "", column_names: names }
}

function constant(id: string, value: TreeValue): TreeNode {
  const type = { id, type_info: null }
  return {
    class: "CONSTANT",
    type: "VALUE_CONSTANT",
    alias: "",
    value: value === null ? { type, is_null: true } : { type, is_null: false, value },
  }
}

export function textConstant(value: string): TreeNode {
  return constant("VARCHAR", value)
}

/** As text: what DuckDB writes of a DOUBLE constant, it reads as DECIMAL. */
export function doubleConstant(value: number): TreeNode {
  return cast(textConstant(String(value)), "DOUBLE")
}

const INT_MAX = 2 ** 31

/** A whole number as the parser types it: INTEGER where it fits, else BIGINT. */
export function integerConstant(value: number | bigint): TreeNode {
  return constant(value >= -INT_MAX && value < INT_MAX ? "INTEGER" : "BIGINT", value)
}

export function booleanConstant(value: boolean): TreeNode {
  return cast(textConstant(value ? "t" : "f"), "BOOLEAN")
}

export const nullConstant: TreeNode = constant("NULL", null)

/** @param type DuckDB's name of a type without parameters */
export function cast(child: TreeNode, type: string, alias: TreeValue = ""): TreeNode {
  return {
    class: "CAST",
    type: "OPERATOR_CAST",
    alias,
    child,
    cast_type: { id: type, type_info: null },
    try_cast: false,
  }
}

/** `COALESCE`, `NOT`, `IN`, `IS NULL` and the like. */
export function operation(type: string, children: readonly TreeNode[], alias: TreeValue = ""): TreeNode {
  return { class: "OPERATOR", type, alias, children }
}

export function not(condition: TreeNode): TreeNode {
  return operation("OPERATOR_NOT", [condition])
}

export function coalesce(children: readonly TreeNode[], alias: TreeValue = ""): TreeNode {
  return operation("OPERATOR_COALESCE", children, alias)
}

/** @param type such as `COMPARE_EQUAL` */
export function comparison(type: string, left: TreeNode, right: TreeNode): TreeNode {
  return { class: "COMPARISON", type, alias: "", left, right }
}
