import { Refusal } from "../refusal.ts"
import type { TreeNode } from "../syntax-tree.ts"
import { call, cast, coalesce, doubleConstant, integerConstant, operator } from "../tree-build.ts"
import { argument, arity, numberArgument, type PinotCall, type Rewriting, textArgument } from "./call.ts"

const numeric: ReadonlySet<string> = new Set(["int", "long", "float", "double", "decimal"])

/** What an aggregate over numbers takes; a plain numeric column as a plain cast, which other engines read too. */
function numberOf(at: PinotCall, node: TreeNode): TreeNode {
  const column = at.columnOf(node)
  if (column === undefined) return call("pinot_number", [node])
  if (column.list === true) {
    const what = `Cannot compute ${at.name.toLowerCase()} for a multi-value column: use ${at.name.toUpperCase()}MV`
    throw new Refusal("query_validation", what, at.node)
  }
  if (numeric.has(column.type)) return cast(node, "DOUBLE")
  if (column.type === "timestamp" || column.type === "boolean") return call("pinot_number", [node])
  const type = column.type.toUpperCase()
  const what = `Cannot compute ${at.name.toLowerCase()} for non-numeric type: ${type}`
  throw new Refusal("query_validation", what, at.node)
}

/** An aggregate's value where there are no rows, as Pinot has it; SQL's NULL where nulls are handled. */
function orElse(at: PinotCall, aggregate: TreeNode, empty: number): TreeNode {
  if (!at.pinotCompat || at.nullHandling) return aggregate
  return coalesce([aggregate, doubleConstant(empty)])
}

/** SUM, MIN, MAX and AVG are SQL's, but for `pinotCompat`. */
function compat(fn: string, empty: number): Rewriting {
  return at => {
    if (!at.pinotCompat || at.args.length !== 1) return undefined
    return orElse(at, call(fn, [numberOf(at, argument(at, 0))], at.node), empty)
  }
}

function sqlAggregate(fn: string, args = 1): Rewriting {
  return at => {
    arity(at, args)
    return call(fn, at.args, at.node)
  }
}

/** Exact, where Pinot's sketches estimate. @param type LONG for sketches, INT for DISTINCTCOUNT */
function distinct(type: "INTEGER" | "BIGINT", argsMax = 1): Rewriting {
  return at => {
    arity(at, 1, argsMax)
    const counted = call("count", [argument(at, 0)], { ...at.node, distinct: true, alias: "" })
    return type === "BIGINT" || !at.pinotCompat ? counted : cast(counted, type)
  }
}

function percentileOf(at: PinotCall, digits: string): number {
  arity(at, digits === "" ? 2 : 1, digits === "" ? 3 : 2)
  const percentile = digits === "" ? numberArgument(at, 1, "a percentile from 0 to 100") : Number(digits)
  if (percentile >= 0 && percentile <= 100) return percentile
  throw new Refusal(
    "query_validation",
    `${at.name}: expected a percentile from 0 to 100, found ${percentile}`,
    at.node,
  )
}

/** The value of that rank, as Pinot counts ranks: of n sorted values the one at n × percentile / 100, from 0. */
function ranked(at: PinotCall, percentile: number): TreeNode {
  const sorted = call("list_sort", [call("list", [numberOf(at, argument(at, 0))], { ...at.node, alias: "" })])
  return call("pinot_ranked", [sorted, doubleConstant(percentile)])
}

/** Interpolated, as a t-digest estimates it, but exact. */
function interpolated(at: PinotCall, percentile: number): TreeNode {
  return call("quantile_cont", [numberOf(at, argument(at, 0)), doubleConstant(percentile / 100)], {
    ...at.node,
    alias: "",
  })
}

function estimated(at: PinotCall, percentile: number): TreeNode {
  return cast(ranked(at, percentile), "BIGINT")
}

const percentiles: readonly [RegExp, (at: PinotCall, percentile: number) => TreeNode][] = [
  [/^percentile(\d{0,2})$/, ranked],
  [/^percentileest(\d{0,2})$/, estimated],
  [/^percentile(?:tdigest|kll|smarttdigest)(\d{0,2})$/, interpolated],
]

/** PERCENTILE(x, 95), PERCENTILE95(x) and their kin, by canonical name. */
export function percentileFunction(canonical: string): Rewriting | undefined {
  for (const [pattern, made] of percentiles) {
    const digits = pattern.exec(canonical)?.[1]
    if (digits === undefined) continue
    return at => orElse(at, made(at, percentileOf(at, digits)), Number.NEGATIVE_INFINITY)
  }
  return undefined
}

const duckdbTypes: Readonly<Record<string, string>> = {
  INT: "INTEGER",
  LONG: "BIGINT",
  FLOAT: "FLOAT",
  DOUBLE: "DOUBLE",
  BOOLEAN: "BOOLEAN",
  STRING: "VARCHAR",
  TIMESTAMP: "TIMESTAMP",
}

/** A name of one of Pinot's types, as an argument; throws `Refusal` for others. */
export function typeArgument(at: PinotCall, index: number): string {
  const name = textArgument(at, index, "a type such as 'LONG'")
  const type = duckdbTypes[name.toUpperCase()]
  if (type !== undefined) return type
  const expected = Object.keys(duckdbTypes).join(", ")
  throw new Refusal("query_validation", `${at.name}: expected ${expected}, found '${name}'`, at.node)
}

/** LASTWITHTIME(x, time, 'type'), FIRSTWITHTIME. */
function withTime(fn: "arg_max" | "arg_min"): Rewriting {
  return at => {
    arity(at, 3)
    const type = typeArgument(at, 2)
    return cast(call(fn, [argument(at, 0), argument(at, 1)], { ...at.node, alias: "" }), type)
  }
}

/** `aggregate(list_fn(x))`: what a multi-value aggregate is made of. */
function overLists(fn: string, listFn: string, at: PinotCall): TreeNode {
  return call(fn, [call(listFn, [argument(at, 0)])], { ...at.node, alias: "" })
}

function listNumber(at: PinotCall, fn: string, listFn: string, empty: number): TreeNode {
  arity(at, 1)
  const made = overLists(fn, listFn, at)
  return at.pinotCompat ? orElse(at, cast(made, "DOUBLE"), empty) : made
}

/** All values of all rows as one list. */
function allValues(at: PinotCall): TreeNode {
  return call("flatten", [call("list", [argument(at, 0)], { ...at.node, alias: "" })])
}

const distinctMv: Rewriting = at => {
  arity(at, 1, 2)
  return coalesce([call("len", [call("list_distinct", [allValues(at)])]), integerConstant(0)])
}

export function percentileMv(canonical: string): Rewriting | undefined {
  if (!canonical.endsWith("mv")) return undefined
  for (const [pattern, made] of percentiles) {
    const digits = pattern.exec(canonical.slice(0, -2))?.[1]
    if (digits === undefined) continue
    return at => {
      const percentile = doubleConstant(percentileOf(at, digits))
      const value = call("pinot_ranked", [
        call("list_sort", [call("pinot_doubles", [allValues(at)])]),
        percentile,
      ])
      return made === estimated ? cast(value, "BIGINT") : value
    }
  }
  return undefined
}

const LOWEST = Number.NEGATIVE_INFINITY
const HIGHEST = Number.POSITIVE_INFINITY

/** By canonical name: lower case, no underscores. */
export const aggregateFunctions: Readonly<Record<string, Rewriting>> = {
  sum: compat("sum", 0),
  min: compat("min", HIGHEST),
  max: compat("max", LOWEST),
  avg: compat("avg", LOWEST),
  minmaxrange: at => {
    arity(at, 1)
    const value = numberOf(at, argument(at, 0))
    const like = { ...at.node, alias: "" }
    return orElse(at, operator("-", call("max", [value], like), call("min", [value], like)), LOWEST)
  },
  distinctcount: distinct("INTEGER"),
  distinctcountbitmap: distinct("INTEGER"),
  segmentpartitioneddistinctcount: distinct("BIGINT"),
  distinctcounthll: distinct("BIGINT", 2),
  distinctcounthllplus: distinct("BIGINT", 3),
  distinctcountull: distinct("BIGINT", 2),
  distinctcountcpcsketch: distinct("BIGINT", 2),
  distinctcountsmarthll: distinct("INTEGER", 2),
  distinctsum: at => {
    arity(at, 1)
    return call("sum", [numberOf(at, argument(at, 0))], { ...at.node, distinct: true })
  },
  distinctavg: at => {
    arity(at, 1)
    return call("avg", [numberOf(at, argument(at, 0))], { ...at.node, distinct: true })
  },
  lastwithtime: withTime("arg_max"),
  firstwithtime: withTime("arg_min"),
  exprmax: sqlAggregate("arg_max", 2),
  exprmin: sqlAggregate("arg_min", 2),
  anyvalue: sqlAggregate("any_value"),
  minstring: sqlAggregate("min"),
  maxstring: sqlAggregate("max"),
  sumint: sqlAggregate("sum"),
  sumlong: sqlAggregate("sum"),
  minlong: sqlAggregate("min"),
  maxlong: sqlAggregate("max"),
  sumprecision: sqlAggregate("sum"),
  booland: sqlAggregate("bool_and"),
  boolor: sqlAggregate("bool_or"),
  arrayagg: at => (at.args.length === 2 ? call("list", [argument(at, 0)], at.node) : undefined),
  countmv: at => {
    arity(at, 1)
    return coalesce([cast(overLists("sum", "len", at), "BIGINT"), integerConstant(0)])
  },
  summv: at => listNumber(at, "sum", "list_sum", 0),
  minmv: at => listNumber(at, "min", "list_min", HIGHEST),
  maxmv: at => listNumber(at, "max", "list_max", LOWEST),
  avgmv: at => {
    arity(at, 1)
    const quotient = operator("/", overLists("sum", "list_sum", at), overLists("sum", "len", at))
    return orElse(at, quotient, LOWEST)
  },
  minmaxrangemv: at => {
    arity(at, 1)
    return operator("-", overLists("max", "list_max", at), overLists("min", "list_min", at))
  },
  distinctcountmv: distinctMv,
  distinctcountbitmapmv: distinctMv,
  distinctcounthllmv: distinctMv,
  distinctcounthllplusmv: distinctMv,
}
