import { LRUCache } from "lru-cache"
import type { RunRequest, SqlEngine } from "../sql/engine.ts"
import { bindTree, type ParameterValue } from "../sql/parameters.ts"
import { isNode, nodes, type TreeNode, text } from "../sql/syntax-tree.ts"
import type { PinnedTable } from "../types.ts"
import type { DirectPlan, Predicate } from "./plan.ts"
import { type NotDirect, planDirect } from "./planning/plan-direct.ts"

/** Plans kept; one takes a few kilobytes. */
const PLANS_KEPT = 4_096
/** Row filters kept: one for each key of an API that has one. */
const FILTERS_KEPT = 4_096

/** Whether an output without an alias is made of a parameter: its name is that of the parameter, not of its value. */
function namesParameter(item: TreeNode): boolean {
  return text(item.alias) === "" && holdsParameter(item)
}

function holdsParameter(node: TreeNode): boolean {
  if (node.class === "PARAMETER") return true
  return Object.values(node).some(value =>
    isNode(value) ? holdsParameter(value) : nodes(value).some(holdsParameter),
  )
}

/** A table's shape: equal keys mean that equal statements have equal plans. */
function shapeOf({ name, columns }: PinnedTable): string {
  return `${name}\n${columns.map(column => `${column.name}:${column.type}:${column.list === true}`).join("\n")}`
}

/** Plans of statements, kept by text, parameters and the table's columns. */
export class Plans {
  readonly #engine: SqlEngine
  readonly #plans = new LRUCache<string, DirectPlan | NotDirect>({ max: PLANS_KEPT })
  readonly #filters = new LRUCache<string, Predicate | NotDirect>({ max: FILTERS_KEPT })
  readonly #shapes = new WeakMap<readonly unknown[], string>()

  /** @param engine that parses row filters */
  constructor(engine: SqlEngine) {
    this.#engine = engine
  }

  /** The plan of a request, its table's row filter in it. */
  async of(request: RunRequest): Promise<DirectPlan | NotDirect> {
    const { sql, tree, tables, parameters = [], views } = request
    const [table, other] = tables
    if (tree === undefined || table === undefined || other !== undefined) return { why: "not one table" }
    const view = views?.get(table.name)
    if (view?.pinotNulls === true) return { why: "nulls are Pinot's" }
    const shape = this.#shape(table)
    const key = `${shape}\n${JSON.stringify(parameters)}\n${sql}`
    let plan = this.#plans.get(key)
    if (plan === undefined) {
      plan = planOf(tree, table, parameters)
      this.#plans.set(key, plan)
    }
    if ("why" in plan || view?.filter === undefined) return plan
    const filter = await this.#filter(view.filter, table, shape, request.limits.deadlineMs)
    if ("why" in filter) return filter
    const parts = plan.filter === undefined ? [filter] : [filter, plan.filter]
    return { ...plan, filter: { kind: "and", parts } }
  }

  #shape(table: PinnedTable): string {
    const known = this.#shapes.get(table.columns)
    if (known !== undefined) return known
    const shape = shapeOf(table)
    this.#shapes.set(table.columns, shape)
    return shape
  }

  async #filter(
    condition: string,
    table: PinnedTable,
    shape: string,
    deadlineMs: number,
  ): Promise<Predicate | NotDirect> {
    const key = `${shape}\n${condition}`
    const known = this.#filters.get(key)
    if (known !== undefined) return known
    const sql = `SELECT count(*) FROM "${table.name}" WHERE (${condition}\n)`
    const reply = await this.#engine.analyze(sql, deadlineMs)
    // What failed may not fail the next time.
    if (!reply.ok || reply.value.tree === undefined) return { why: "a row filter that cannot be read" }
    const plan = planDirect(reply.value.tree, table.columns)
    const filter = "why" in plan ? plan : (plan.filter ?? { why: "a row filter without a condition" })
    this.#filters.set(key, filter)
    return filter
  }
}

function planOf(
  tree: TreeNode,
  { columns }: PinnedTable,
  parameters: readonly ParameterValue[],
): DirectPlan | NotDirect {
  if (parameters.length === 0) return planDirect(tree, columns)
  if (nodes(tree.select_list).some(namesParameter)) return { why: "an output that is named by a parameter" }
  return planDirect(bindTree(tree, parameters), columns)
}
