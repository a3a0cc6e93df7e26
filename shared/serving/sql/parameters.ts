import { QueryError } from "../errors.ts"
import { isNode, type TreeNode, type TreeValue, text } from "./syntax-tree.ts"
import { booleanConstant, doubleConstant, integerConstant, nullConstant, textConstant } from "./tree-build.ts"

/** The value of a `?` or `$1`. Whole numbers are INTEGER or BIGINT, others DOUBLE; text takes the type it stands beside. */
export type ParameterValue = null | boolean | number | string

/** More values than a statement of people or dashboards has; longer lists belong into a table. */
export const PARAMETERS_MAX = 1_000

function constantOf(value: ParameterValue): TreeNode {
  if (value === null) return nullConstant
  if (typeof value === "boolean") return booleanConstant(value)
  if (typeof value === "string") return textConstant(value)
  return Number.isSafeInteger(value) ? integerConstant(value) : doubleConstant(value)
}

function bound(value: TreeValue, constants: readonly TreeNode[]): TreeValue {
  if (Array.isArray(value)) return value.map(item => bound(item, constants))
  if (!isNode(value)) return value
  if (value.class === "PARAMETER") {
    const constant = constants[Number(text(value.identifier)) - 1]
    return constant === undefined ? value : { ...constant, alias: value.alias ?? "" }
  }
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, bound(member, constants)]))
}

/** A tree with parameters' values as constants of their types. */
export function bindTree(tree: TreeNode, parameters: readonly ParameterValue[]): TreeNode {
  return parameters.length === 0 ? tree : (bound(tree, parameters.map(constantOf)) as TreeNode)
}

/** The error of a request that brings another number of values than its statement takes. */
export function parameterFault(taken: number, given: number): QueryError | undefined {
  return taken === given
    ? undefined
    : new QueryError("query_validation", `The statement takes ${taken} parameters, got ${given}`)
}
