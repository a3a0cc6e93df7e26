import type { DirectPlan, Output, PlanValue, Predicate, Scalar } from "../direct/plan.ts"
import type { PinnedTable, PrunedBy, QueryCost, SqlAnswer, SqlValue } from "../types.ts"

/** One step of a plan, over the steps that it takes its rows from. */
export interface Operator {
  /** As Pinot's: a name, and in brackets what there is to say. */
  readonly text: string
  readonly inputs: readonly Operator[]
}

/** What a statement would read of a table. */
export interface TableExplanation {
  readonly table: PinnedTable
  readonly pruned: QueryCost["pruned"]
  /** As `column kind`. */
  readonly used: readonly string[]
  readonly filter: Predicate | undefined
  /** What is left: segments, row groups of how many, and bytes. */
  readonly segments: number
  readonly rowGroups: number
  readonly rowGroupsOf: number
  readonly rows: number
  readonly bytes: number
  /** Names of columns that are read; undefined: all. */
  readonly columns: readonly string[] | undefined
  readonly rollup?: { readonly name: string; readonly segments: number; readonly rows: number }
}

const LONGEST_TEXT = 2_000

/** An operator with its facts: `NAME(key:value, …)`. */
export function operator(
  name: string,
  facts: Readonly<Record<string, string | number | undefined>>,
  inputs: readonly Operator[] = [],
): Operator {
  const said = Object.entries(facts).flatMap(([key, value]) =>
    value === undefined ? [] : [`${key}:${value}`],
  )
  const text = said.length === 0 ? name : `${name}(${said.join(", ")})`
  return { text: text.length <= LONGEST_TEXT ? text : `${text.slice(0, LONGEST_TEXT)}…)`, inputs }
}

/** The plan in the form of Pinot's reply: rows of operator, its number, and the number of the one that takes its rows. */
export function explainAnswer(root: Operator): SqlAnswer {
  const rows: SqlValue[][] = []
  const add = ({ text, inputs }: Operator, parent: number): void => {
    const id = rows.length + 1
    rows.push([text, id, parent])
    for (const input of inputs) add(input, id)
  }
  add(root, 0)
  const columns = [
    { name: "Operator", type: "STRING" },
    { name: "Operator_Id", type: "INT" },
    { name: "Parent_Id", type: "INT" },
  ]
  return { columns, rows, rowsScanned: 0 }
}

const PRUNED_BY: readonly PrunedBy[] = ["empty", "time", "partition", "zone", "bloom", "index"]

/** What is read of a table, and what is left out by what. */
export function tableOperators(explained: TableExplanation): Operator {
  const { table, pruned, used, filter, rollup, columns } = explained
  const prune = operator("PRUNE", {
    segments: table.segments.length,
    ...Object.fromEntries(PRUNED_BY.map(by => [by, pruned[by]])),
    left: explained.segments,
  })
  const indexes = used.map(index => {
    const at = index.lastIndexOf(" ")
    return operator(`INDEX_${index.slice(at + 1).toUpperCase()}`, { column: index.slice(0, at) })
  })
  const tailRows = table.tail.reduce((sum, { rows }) => sum + rows, 0)
  const scans: Operator[] = []
  if (rollup !== undefined) {
    scans.push(operator("SCAN_ROLLUP", { rollup: rollup.name, segments: rollup.segments, rows: rollup.rows }))
  }
  if (explained.segments > (rollup?.segments ?? 0) || rollup === undefined) {
    scans.push(
      operator(
        "SCAN_SEGMENTS",
        {
          segments: explained.segments - (rollup?.segments ?? 0),
          rowGroups: `${explained.rowGroups} of ${explained.rowGroupsOf}`,
          rows: explained.rows,
          bytes: explained.bytes,
          columns: columns === undefined ? "all" : columns.join(" "),
        },
        [{ ...prune, inputs: indexes }],
      ),
    )
  } else scans.push({ ...prune, inputs: indexes })
  if (table.tail.length > 0) scans.push(operator("SCAN_TAIL", { files: table.tail.length, rows: tailRows }))
  const filtered =
    filter === undefined ? scans : [operator("FILTER", { condition: conditionText(filter) }, scans)]
  return operator("TABLE", { name: table.name, rows: table.rows }, filtered)
}

/** What a direct plan does with a table's rows. */
export function planOperators(plan: DirectPlan, input: Operator): Operator {
  const isGrouped = plan.groups.length > 0 || plan.aggregates.length > 0
  const aggregations = plan.aggregates
    .map(({ fn, argument }) => `${fn}(${argument === undefined ? "*" : scalarText(argument)})`)
    .join(" ")
  const inner =
    plan.groups.length > 0
      ? operator("GROUP_BY", { groupKeys: plan.groups.map(scalarText).join(" "), aggregations }, [input])
      : isGrouped
        ? operator("AGGREGATE", { aggregations }, [input])
        : operator("SELECT", { columns: plan.outputs.map(({ name }) => name).join(" ") }, [input])
  const order = plan.order.map(({ by, descending }) => `${outputText(plan, by)}${descending ? " desc" : ""}`)
  const sorted = order.length === 0 ? inner : operator("SORT", { by: order.join(" ") }, [inner])
  return operator("REDUCE", { limit: plan.limit }, [sorted])
}

function outputText(plan: DirectPlan, output: Output): string {
  if (output.kind === "group") return scalarText(plan.groups[output.index]!)
  if (output.kind === "aggregate")
    return `${plan.aggregates[output.index]?.fn ?? "aggregate"} ${output.index + 1}`
  return output.kind
}

function scalarText(scalar: Scalar): string {
  if (scalar.kind === "column") return scalar.column
  if (scalar.kind === "constant") return valueText(scalar.value)
  const unit = scalar.unit === undefined ? [] : [`'${scalar.unit}'`]
  return `${scalar.fn}(${[...unit, ...scalar.args.map(scalarText)].join(", ")})`
}

function valueText(value: PlanValue | null): string {
  if (typeof value === "string") return `'${value.replaceAll("'", "''")}'`
  if (value instanceof Uint8Array) return `x'${Buffer.from(value).toString("hex")}'`
  return String(value)
}

/** A condition as SQL, for people; constants as columns hold them: instants as epoch milliseconds. */
export function conditionText(predicate: Predicate): string {
  const not = "negated" in predicate && predicate.negated ? "NOT " : ""
  switch (predicate.kind) {
    case "and":
    case "or": {
      const parts = predicate.parts.map(part => {
        const text = conditionText(part)
        return "parts" in part && part.parts.length > 1 ? `(${text})` : text
      })
      return parts.join(predicate.kind === "and" ? " AND " : " OR ")
    }
    case "not":
      return `NOT (${conditionText(predicate.part)})`
    case "compare":
      return `${predicate.column} ${predicate.op} ${valueText(predicate.value)}`
    case "in":
      return `${predicate.column} ${not}IN (${predicate.values.map(valueText).join(", ")})`
    case "between":
      return `${predicate.column} BETWEEN ${valueText(predicate.low)} AND ${valueText(predicate.high)}`
    case "null":
      return `${predicate.column} IS ${not}NULL`
    case "like":
      return `${predicate.column} ${not}LIKE ${valueText(predicate.pattern)}`
    case "constant":
      return predicate.value ? "TRUE" : "FALSE"
  }
}
