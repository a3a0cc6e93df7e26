import { allowedFunctions, allowedTableFunctions } from "./allowed-functions.ts"
import { type Fault, OUT_OF_MEMORY, outOfMemory, shortMessage } from "./engine-errors.ts"
import { folded } from "./folded.ts"
import { PARAMETERS_MAX } from "./parameters.ts"
import { macroNames } from "./pinot/macros.ts"
import { Refusal } from "./refusal.ts"
import { isNode, nodes, type TreeNode, type TreeValue, text } from "./syntax-tree.ts"
import { textPosition } from "./text-position.ts"

/** What the gate learnt of a statement that may run. */
export interface Passed {
  readonly tables: readonly string[]
  /** The outermost query names a limit. */
  readonly limited: boolean
  /** It takes `$1` to `$n`. */
  readonly parameters: number
}

/** The names of common table expressions in scope, innermost first. */
interface Scope {
  readonly name: string
  readonly outer: Scope | undefined
}

interface Visit {
  readonly value: TreeValue
  readonly scope: Scope | undefined
}

interface Found {
  readonly callable: ReadonlySet<string>
  readonly tables: Set<string>
  parameters: number
}

function set(names: string): ReadonlySet<string> {
  return new Set(names.split(" "))
}

/** Everything that DuckDB may make of a SELECT, less `SHOW_REF` (DESCRIBE, SHOW, SUMMARIZE). */
const queryNodes = set("SELECT_NODE SET_OPERATION_NODE RECURSIVE_CTE_NODE")
const tableRefs = set("BASE_TABLE SUBQUERY JOIN TABLE_FUNCTION EXPRESSION_LIST EMPTY PIVOT")
const modifiers = set(
  "LIMIT_MODIFIER LIMIT_PERCENT_MODIFIER DISTINCT_MODIFIER ORDER_MODIFIER ORDER_DEFAULT ASCENDING DESCENDING",
)
const expressions = set(
  "BETWEEN CASE CAST COLLATE COLUMN_REF COMPARISON CONJUNCTION CONSTANT DEFAULT FUNCTION LAMBDA LAMBDA_REF OPERATOR " +
    "POSITIONAL_REFERENCE STAR SUBQUERY WINDOW",
)

const ofRewritings: ReadonlySet<string> = new Set([...allowedFunctions, ...macroNames])

/** A common table expression's name: nothing that could be taken for a file or a qualified name. */
const ctePattern = /^[\p{L}_][\p{L}\p{N}_ ]{0,99}$/u
const tablePattern = /^[a-z_][a-z0-9_]{0,99}$/

function inScope(scope: Scope | undefined, name: string): boolean {
  for (let at = scope; at !== undefined; at = at.outer) if (at.name === name) return true
  return false
}

function checkFunction(node: TreeNode, allowed: ReadonlySet<string>): void {
  const name = text(node.function_name)
  const schema = text(node.schema)
  // The parser itself puts some of its functions into `main`.
  if (text(node.catalog) !== "" || (schema !== "" && schema !== "main")) {
    throw new Refusal("query_validation", `Unsupported function: ${schema}.${name}`, node)
  }
  if (!allowed.has(folded(name))) throw new Refusal("query_validation", `Unsupported function: ${name}`, node)
}

function checkParameter(node: TreeNode): void {
  const number = Number(node.identifier)
  if (Number.isInteger(number) && number >= 1 && number <= PARAMETERS_MAX) return
  const name = text(node.identifier)
  const expected = `expected ? or $1 to $${PARAMETERS_MAX}`
  throw new Refusal("query_validation", `Unsupported parameter $${name}: ${expected}`, node)
}

function checkKind(node: TreeNode): void {
  const kind = text(node.class)
  if (kind === "PARAMETER") {
    checkParameter(node)
    return
  }
  if (kind !== "") {
    if (!expressions.has(kind)) throw new Refusal("query_validation", `Unsupported expression: ${kind}`, node)
    return
  }
  const type = text(node.type)
  if (type === "" || queryNodes.has(type) || tableRefs.has(type) || modifiers.has(type)) return
  if (type.endsWith("_TYPE_INFO")) return
  const named =
    type === "SHOW_REF" ? "DESCRIBE, SHOW and SUMMARIZE are not supported" : `Unsupported: ${type}`
  throw new Refusal("query_validation", `${named}: only SELECT statements are allowed`, node)
}

/** The table that a BASE_TABLE reads; undefined for a common table expression. */
function tableOf(node: TreeNode, scope: Scope | undefined): string | undefined {
  const name = text(node.table_name)
  if (text(node.schema_name) !== "" || text(node.catalog_name) !== "") {
    const full = [node.catalog_name, node.schema_name, name]
      .map(text)
      .filter(part => part !== "")
      .join(".")
    throw new Refusal(
      "table_does_not_exist",
      `TableDoesNotExistError: '${full}': expected a table's plain name`,
      node,
    )
  }
  if (node.at_clause !== null) {
    throw new Refusal("query_validation", "AT (time travel) is not supported", node)
  }
  const lower = folded(name)
  if (inScope(scope, lower)) return undefined
  if (!tablePattern.test(lower)) {
    throw new Refusal("table_does_not_exist", `TableDoesNotExistError: there is no table '${name}'`, node)
  }
  return lower
}

function innerQuery(entry: TreeNode): TreeNode | undefined {
  const value = isNode(entry.value) ? entry.value : undefined
  const query = value !== undefined && isNode(value.query) ? value.query : undefined
  return query !== undefined && isNode(query.node) ? query.node : undefined
}

/**
 * Visits a WITH list: each query sees the names before its own. Of a recursive one, `tableOf` is asked with its own
 * name in scope on the recursive side only, so that the name means a table where DuckDB could take it for one.
 */
function enterCtes(node: TreeNode, scope: Scope | undefined, visits: Visit[]): Scope | undefined {
  const map = isNode(node.cte_map) ? nodes(node.cte_map.map) : []
  let inner = scope
  for (const entry of map) {
    const name = text(entry.key)
    if (!ctePattern.test(name)) {
      throw new Refusal(
        "query_validation",
        `'${name}' cannot name a common table expression: use a plain name`,
      )
    }
    const query = innerQuery(entry)
    if (query === undefined)
      throw new Refusal("query_validation", `Unsupported common table expression: ${name}`)
    const outer = inner
    inner = { name: folded(name), outer }
    if (query.type !== "RECURSIVE_CTE_NODE") visits.push({ value: query, scope: outer })
    else {
      const { right, ...rest } = query
      visits.push({ value: rest, scope: outer }, { value: right ?? null, scope: inner })
    }
  }
  return inner
}

function visitNode(node: TreeNode, scope: Scope | undefined, visits: Visit[], found: Found): void {
  checkKind(node)
  if (node.class === "CONSTANT") return
  if (node.class === "PARAMETER") found.parameters = Math.max(found.parameters, Number(node.identifier))
  const tableFunction = node.type === "TABLE_FUNCTION" && isNode(node.function) ? node.function : undefined
  if (tableFunction !== undefined) checkFunction(tableFunction, allowedTableFunctions)
  else if ("function_name" in node) checkFunction(node, found.callable)
  if (node.class === undefined && node.type === "BASE_TABLE") {
    const table = tableOf(node, scope)
    if (table !== undefined) found.tables.add(table)
  }
  const inner = "cte_map" in node ? enterCtes(node, scope, visits) : scope
  for (const [key, value] of Object.entries(node)) {
    if (key === "cte_map" || typeof value !== "object" || value === null) continue
    // A table function's own name is checked; what is left of it are its arguments.
    if (key === "function" && tableFunction !== undefined) {
      visits.push({ value: tableFunction.children ?? null, scope: inner })
    } else visits.push({ value, scope: inner })
  }
}

function isLimited(query: TreeNode): boolean {
  return nodes(query.modifiers).some(
    modifier =>
      (modifier.type === "LIMIT_MODIFIER" && modifier.limit !== null) ||
      modifier.type === "LIMIT_PERCENT_MODIFIER",
  )
}

function walk(query: TreeNode, callable: ReadonlySet<string>): Passed {
  const found: Found = { callable, tables: new Set(), parameters: 0 }
  // A stack of our own: a query may nest deeper than the engine's call stack.
  const visits: Visit[] = [{ value: query, scope: undefined }]
  for (let visit = visits.pop(); visit !== undefined; visit = visits.pop()) {
    const { value, scope } = visit
    if (Array.isArray(value)) for (const item of value) visits.push({ value: item, scope })
    else if (isNode(value)) visitNode(value, scope, visits, found)
  }
  return { tables: [...found.tables].sort(), limited: isLimited(query), parameters: found.parameters }
}

function faultOfParser(tree: TreeNode, sql: string): Fault {
  const message = shortMessage(text(tree.error_message))
  if (OUT_OF_MEMORY.test(message)) return outOfMemory
  if (tree.error_type !== "parser" && tree.error_type !== "syntax") {
    const only = message.startsWith("Only SELECT") ? "Only SELECT statements are allowed" : message
    return { code: "query_validation", message: only }
  }
  const position =
    tree.position === undefined ? undefined : textPosition(sql, Number(tree.position), "character")
  return {
    code: "sql_parsing",
    message: `SQLParsingError: ${position === undefined ? "" : `${position}: `}${message}`,
  }
}

/** The query of a text that is one SELECT; undefined: `judge` says why it is none. */
export function statementOf(tree: TreeNode): TreeNode | undefined {
  const statements = nodes(tree.statements)
  const query = statements[0]?.node
  return tree.error !== true && statements.length === 1 && isNode(query) ? query : undefined
}

/**
 * Judges a statement by its syntax tree: one SELECT-like statement whose functions are all on the list and whose
 * tables are all plain names or common table expressions. What the tree holds beyond what is known here is refused.
 * @param tree what `json_serialize_sql` made of `sql`
 * @param isRewritten it may call what Pinot's functions are written as
 */
export function judge(tree: TreeNode, sql: string, isRewritten = false): Passed | Fault {
  if (tree.error === true) return faultOfParser(tree, sql)
  const statements = nodes(tree.statements)
  const query = statements[0]?.node
  if (statements.length !== 1 || !isNode(query)) {
    const message = `Expected one SELECT statement, found ${statements.length} statements`
    return { code: statements.length === 0 ? "sql_parsing" : "query_validation", message }
  }
  try {
    return walk(query, isRewritten ? ofRewritings : allowedFunctions)
  } catch (refusal) {
    if (!(refusal instanceof Refusal)) throw refusal
    const position = textPosition(sql, Number(refusal.node?.query_location ?? -1), "byte")
    return {
      code: refusal.code,
      message: `${refusal.message}${position === undefined ? "" : ` (${position})`}`,
    }
  }
}
