import { allowedFunctions } from "../allowed-functions.ts"
import type { Dialect } from "../engine.ts"
import { folded } from "../folded.ts"
import { isNode, nodes, type TreeNode, type TreeValue, text } from "../syntax-tree.ts"
import { aggregateFunctions, percentileFunction, percentileMv } from "./aggregates.ts"
import { type KnownColumn, plainName, type Rewriting, type Surroundings } from "./call.ts"
import { explodeGroups } from "./group-lists.ts"
import { multiValueCondition } from "./multi-value.ts"
import { canonicalName, pinotName } from "./names.ts"
import { scalarFunctions } from "./scalars.ts"
import { timeFunctions } from "./time-functions.ts"
import { timestampSide } from "./timestamps.ts"

const functions: Readonly<Record<string, Rewriting>> = {
  ...aggregateFunctions,
  ...scalarFunctions,
  ...timeFunctions,
}

/** Names that DuckDB has too, of which some calls, or all under `pinotCompat`, mean something else to Pinot. */
const overlapping: ReadonlySet<string> = new Set(
  "sum min max avg datetrunc ago now strpos substr concat round splitpart cardinality".split(" "),
)

/** How calls of a function are written; undefined: it is not one of Pinot's. */
export function rewritingOf(name: string): Rewriting | undefined {
  const canonical = canonicalName(name)
  if (allowedFunctions.has(folded(name)) && !overlapping.has(canonical)) return undefined
  // As an own member: `constructor` is no function of Pinot's.
  if (Object.hasOwn(functions, canonical)) return functions[canonical]
  return percentileFunction(canonical) ?? percentileMv(canonical)
}

/** The tables of a FROM, whose columns an expression may name, and those of the queries around it. */
interface Scope {
  readonly tables: readonly string[]
  readonly outer: Scope | undefined
}

type Columns = NonNullable<Dialect["columns"]>

function columnIn(columns: Columns, scope: Scope | undefined, name: string): KnownColumn | undefined {
  const wanted = folded(name)
  for (let at = scope; at !== undefined; at = at.outer) {
    const found = at.tables.flatMap(
      table => columns[table]?.filter(column => folded(column.name) === wanted) ?? [],
    )
    const [first] = found
    if (first === undefined) continue
    const isSure = found.every(({ type, list }) => type === first.type && list === first.list)
    return isSure ? first : undefined
  }
  return undefined
}

function tablesOf(ref: TreeValue | undefined): string[] {
  if (!isNode(ref)) return []
  if (ref.type === "BASE_TABLE") return [folded(text(ref.table_name))]
  if (ref.type === "JOIN") return [...tablesOf(ref.left), ...tablesOf(ref.right)]
  return []
}

/** Writes Pinot's functions and conditions in one statement as DuckDB's. */
export class Rewriter {
  readonly #dialect: Dialect
  #scope: Scope | undefined
  /** Something depended on the type of a column that is not known yet. */
  wantsColumns = false

  constructor(dialect: Dialect) {
    this.#dialect = dialect
  }

  readonly #surroundings = (): Surroundings => ({
    pinotCompat: this.#dialect.pinotCompat === true,
    nullHandling: this.#dialect.nullHandling === true,
    columnOf: node => this.#columnOf(node),
  })

  #columnOf(node: TreeNode | undefined): KnownColumn | undefined {
    const name = plainName(node)
    if (name === "") return undefined
    if (this.#dialect.columns === undefined) {
      this.wantsColumns = true
      return undefined
    }
    return columnIn(this.#dialect.columns, this.#scope, name)
  }

  /** A value and what it holds, rewritten; itself where nothing in it is Pinot's. */
  value(value: TreeValue): TreeValue {
    if (Array.isArray(value)) {
      const items = value.map(item => this.value(item))
      return items.some((item, at) => item !== value[at]) ? items : value
    }
    return isNode(value) ? this.node(value) : value
  }

  node(node: TreeNode): TreeNode {
    if (node.class === "CONSTANT" || node.class === "COLUMN_REF") return node
    if (node.type === "SELECT_NODE") return this.#select(node)
    const inner = this.#members(node)
    const made = this.#replacement(inner)
    return made === undefined ? inner : { ...made, alias: node.alias ?? "" }
  }

  #members(node: TreeNode): TreeNode {
    let changed: Record<string, TreeValue> | undefined
    for (const [key, value] of Object.entries(node)) {
      if (typeof value !== "object" || value === null) continue
      const made = this.value(value)
      if (made === value) continue
      changed ??= { ...node }
      changed[key] = made
    }
    return changed ?? node
  }

  #replacement(node: TreeNode): TreeNode | undefined {
    const around = this.#surroundings()
    if (node.class === "FUNCTION") {
      const name = text(node.function_name)
      const made = rewritingOf(name)?.({ ...around, name, node, args: nodes(node.children) })
      if (made !== undefined) return made
    }
    return this.#condition(node, around)
  }

  #condition(node: TreeNode, around: Surroundings): TreeNode | undefined {
    const overList = this.#dialect.columns === undefined ? undefined : multiValueCondition(node, around)
    return overList ?? timestampSide(node, around)
  }

  #select(node: TreeNode): TreeNode {
    const outer = this.#scope
    this.#scope = { tables: tablesOf(node.from_table), outer }
    const exploded =
      this.#dialect.columns === undefined ? node : explodeGroups(node, side => this.#columnOf(side))
    this.#scope = { tables: tablesOf(exploded.from_table), outer }
    const inner = this.#members(exploded)
    this.#scope = outer
    return this.#named(exploded, inner)
  }

  /** What is written otherwise keeps the name that it would have had. */
  #named(before: TreeNode, after: TreeNode): TreeNode {
    const written = nodes(before.select_list)
    const made = nodes(after.select_list)
    const names = this.#dialect.pinotCompat === true
    const list = made.map((item, at) => {
      const original = written[at]
      const isNamed = text(item.alias) !== "" || item.class === "COLUMN_REF" || item.class === "STAR"
      if (original === undefined || isNamed || (item === original && !names)) return item
      return { ...item, alias: pinotName(original) }
    })
    return list.some((item, at) => item !== made[at]) ? { ...after, select_list: list } : after
  }
}
