import { Refusal } from "../refusal.ts"
import type { TreeNode } from "../syntax-tree.ts"
import { call, cast, coalesce, integerConstant, operation, operator, textConstant } from "../tree-build.ts"
import { typeArgument } from "./aggregates.ts"
import { argument, arity, constantOf, type PinotCall, type Rewriting, textArgument } from "./call.ts"
import { instantKind } from "./instants.ts"

/** Only under `pinotCompat`: SQL has a function of that name that counts otherwise. */
function compatOnly(made: Rewriting): Rewriting {
  return at => (at.pinotCompat ? made(at) : undefined)
}

/** Another name for one of DuckDB's. */
function renamed(name: string): Rewriting {
  return at => call(name, at.args, at.node)
}

function binary(name: string): Rewriting {
  return at => {
    arity(at, 2)
    return operator(name, argument(at, 0), argument(at, 1))
  }
}

/** `$['a'].b[0]` as DuckDB writes it: `$."a".b[0]`. */
function jsonPath(at: PinotCall, index: number): TreeNode {
  const path = textArgument(at, index, "a path such as '$.a.b'")
  if (!path.startsWith("$") || /\.\.|\?\(|@/.test(path)) {
    throw new Refusal("query_validation", `${at.name}: unsupported path '${path}'`, at.node)
  }
  return textConstant(path.replace(/\[\s*(?:'([^'"]*)'|"([^'"]*)")\s*\]/g, '."$1$2"'))
}

function tried(node: TreeNode): TreeNode {
  return operation("OPERATOR_TRY", [node])
}

function tryCast(node: TreeNode, type: string): TreeNode {
  return { ...cast(node, type), try_cast: true }
}

const ARRAY = /_ARRAY$/i

function arrayType(at: PinotCall): TreeNode {
  const inner = typeArgument(
    { ...at, args: [...at.args.slice(0, 2), textConstant(textArgument(at, 2, "a type").replace(ARRAY, ""))] },
    2,
  )
  const child_type = { id: inner, type_info: null }
  return { id: "LIST", type_info: { type: "LIST_TYPE_INFO", alias: "", extension_info: null, child_type } }
}

/** JSON_EXTRACT_SCALAR(json, path, 'type'[, default]); without a default what is missing or misfits is NULL. */
const jsonExtractScalar: Rewriting = at => {
  arity(at, 3, 4)
  const path = jsonPath(at, 1)
  const type = textArgument(at, 2, "a type such as 'LONG'").toUpperCase()
  const source = argument(at, 0)
  if (ARRAY.test(type)) {
    const list = call("json_extract", [source, path])
    const made = tried({ ...cast(list, "VARCHAR"), cast_type: arrayType(at) })
    return at.args.length === 4 ? coalesce([made, argument(at, 3)]) : made
  }
  const text = tried(call("json_extract_string", [source, path]))
  const duckdb = type === "JSON" ? "VARCHAR" : type === "BIG_DECIMAL" ? "DOUBLE" : typeArgument(at, 2)
  const value =
    duckdb === "VARCHAR"
      ? text
      : duckdb === "TIMESTAMP"
        ? call("pinot_timestamp", [tryCast(text, "BIGINT")])
        : tryCast(text, duckdb)
  return at.args.length === 4 ? coalesce([value, argument(at, 3)]) : value
}

/** JSONPATHLONG(json, path[, default]) and its kin. */
function jsonPathAs(type: string): Rewriting {
  return at => {
    arity(at, 2, 3)
    const text = tried(call("json_extract_string", [argument(at, 0), jsonPath(at, 1)]))
    const value = type === "VARCHAR" ? text : tryCast(text, type)
    return at.args.length === 3 ? coalesce([value, argument(at, 2)]) : value
  }
}

const regexpLike: Rewriting = at => {
  arity(at, 2, 3)
  const isList = at.columnOf(argument(at, 0))?.list === true
  if (isList) return call("pinot_any_match", [argument(at, 0), argument(at, 1)])
  return call("regexp_matches", at.args, at.node)
}

const strpos: Rewriting = at => {
  if (at.args.length !== 2) {
    throw new Refusal(
      "query_validation",
      `${at.name}: the instance is not supported: expected 2 arguments`,
      at.node,
    )
  }
  return operator("-", call("strpos", at.args), integerConstant(1))
}

const concat: Rewriting = at => {
  const [first, second, separator] = at.args
  return at.args.length === 3 && first !== undefined && second !== undefined && separator !== undefined
    ? call("concat_ws", [separator, first, second])
    : undefined
}

/** More digits than a number can be rounded to: what is written so means Pinot's buckets. */
const DIGITS_MAX = 38

/** ROUND(x, n) is the multiple of n at or below x: to Pinot the second argument is a bucket's size. */
const round: Rewriting = at => {
  if (at.args.length !== 2) return undefined
  if (!at.pinotCompat && !(Number(constantOf(at.args[1])) > DIGITS_MAX)) return undefined
  const [value, size] = [argument(at, 0), argument(at, 1)]
  if (instantKind(value, at) === undefined) return call("pinot_round", [value, size])
  return operator("*", operator("//", cast(value, "BIGINT"), size), size)
}

/** By canonical name: lower case, no underscores. */
export const scalarFunctions: Readonly<Record<string, Rewriting>> = {
  jsonextractscalar: jsonExtractScalar,
  jsonextractkey: at => {
    arity(at, 2)
    return call("json_keys", [argument(at, 0), jsonPath(at, 1)])
  },
  jsonpathstring: jsonPathAs("VARCHAR"),
  jsonpathlong: jsonPathAs("BIGINT"),
  jsonpathdouble: jsonPathAs("DOUBLE"),
  jsonformat: renamed("to_json"),
  regexplike: regexpLike,
  regexplikeci: at => {
    arity(at, 2)
    return call("regexp_matches", [...at.args, textConstant("i")])
  },
  strpos: compatOnly(strpos),
  substr: compatOnly(at => {
    arity(at, 2, 3)
    return call("pinot_substr", at.args)
  }),
  concat: compatOnly(concat),
  round,
  rounddecimal: renamed("round"),
  truncatedecimal: renamed("trunc"),
  plus: binary("+"),
  minus: binary("-"),
  sub: binary("-"),
  times: binary("*"),
  mult: binary("*"),
  div: binary("/"),
  intdiv: binary("//"),
  startswith: renamed("starts_with"),
  endswith: renamed("ends_with"),
  codepoint: renamed("unicode"),
  splitpart: at => (at.pinotCompat && at.args.length === 3 ? splitPart(at) : undefined),
  arraylength: renamed("len"),
  cardinality: at => (at.columnOf(at.args[0])?.list === true ? call("len", at.args) : undefined),
  arraysum: renamed("list_sum"),
  arraymin: renamed("list_min"),
  arraymax: renamed("list_max"),
  arrayaverage: renamed("list_avg"),
  arraydistinct: renamed("list_distinct"),
  valuein: at => {
    arity(at, 2, 1_000)
    const [values, ...wanted] = at.args
    return call("list_intersect", [values ?? argument(at, 0), call("list_value", wanted)])
  },
}

/** Counted from 0. */
function splitPart(at: PinotCall): TreeNode {
  const index = operator("+", argument(at, 2), integerConstant(1))
  return call("split_part", [argument(at, 0), argument(at, 1), index])
}
