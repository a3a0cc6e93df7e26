import type { DuckDBConnection } from "@duckdb/node-api"
import type { Analysis, Dialect } from "../sql/engine.ts"
import { type Fault, faultFromDuckdb } from "../sql/engine-errors.ts"
import { judge, type Passed, statementOf } from "../sql/gate.ts"
import { Rewriter } from "../sql/pinot/rewrite.ts"
import { withAtQuoted } from "../sql/quote-at.ts"
import { Refusal } from "../sql/refusal.ts"
import { parseTree, type TreeNode, writeTree } from "../sql/syntax-tree.ts"
import { textPosition } from "../sql/text-position.ts"

/** Pinot's limit for a query that names none. */
export const LIMIT_DEFAULT = 10

/** Characters of a statement whose tree is handed on: planning longer ones would hold up who plans them. */
const TREE_SQL_CHARS_MAX = 16 * 1024

const TOO_DEEP = "The statement is nested too deep, or too large"

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}

async function asked(connection: DuckDBConnection, sql: string, value: string): Promise<string> {
  const result = await connection.run(sql, [value])
  return String((await result.fetchChunk())?.getColumnVector(0).getItem(0))
}

async function serialized(connection: DuckDBConnection, sql: string): Promise<TreeNode> {
  return parseTree(await asked(connection, "SELECT json_serialize_sql($1::VARCHAR)", sql))
}

interface Rewritten {
  readonly query: TreeNode
  readonly wantsColumns: boolean
}

function rewritten(query: TreeNode, sql: string, dialect: Dialect): Rewritten | Fault {
  const rewriter = new Rewriter(dialect)
  try {
    return { query: rewriter.node(query), wantsColumns: rewriter.wantsColumns }
  } catch (error) {
    if (error instanceof RangeError) {
      return { code: "query_validation", message: TOO_DEEP }
    }
    if (!(error instanceof Refusal)) throw error
    const position = textPosition(sql, Number(error.node?.query_location ?? -1), "byte")
    const where = position === undefined ? "" : ` (${position})`
    return { code: error.code, message: `${error.message}${where}` }
  }
}

function analysisOf(sql: string, passed: Passed, query: TreeNode, isRewritten: boolean): Analysis {
  return {
    // A comment may end the text: the limit takes a line of its own.
    sql: passed.limited ? sql : `${sql}\nLIMIT ${LIMIT_DEFAULT}`,
    tables: passed.tables,
    ...(passed.parameters === 0 ? {} : { parameters: passed.parameters }),
    ...(isRewritten ? { isRewritten } : {}),
    ...(sql.length > TREE_SQL_CHARS_MAX ? {} : { tree: query }),
  }
}

/** What was rewritten is made text by DuckDB and judged as that text: it is what will run. */
async function written(connection: DuckDBConnection, query: TreeNode): Promise<Analysis | Fault> {
  const sql = await asked(connection, "SELECT json_deserialize_sql($1::JSON)", writeTree(query))
  const tree = await serialized(connection, sql)
  // Positions in it are nobody's.
  const verdict = judge(tree, "", true)
  if ("code" in verdict) return verdict
  return analysisOf(sql, verdict, statementOf(tree) ?? query, true)
}

/** A text whose columns are named as DuckDB's parser takes them, where it could not be parsed otherwise. */
async function readable(connection: DuckDBConnection, sql: string): Promise<{ sql: string; tree: TreeNode }> {
  const tree = await serialized(connection, sql)
  const quoted = statementOf(tree) === undefined ? withAtQuoted(sql) : sql
  if (quoted === sql) return { sql, tree }
  const again = await serialized(connection, quoted)
  return statementOf(again) === undefined ? { sql, tree } : { sql: quoted, tree: again }
}

/** Parses, rewrites and judges a statement; nothing of it is run. */
export async function analyzeStatement(
  connection: DuckDBConnection,
  text: string,
  dialect: Dialect = {},
): Promise<Analysis | Fault> {
  let sql = text
  try {
    const read = await readable(connection, text)
    sql = read.sql
    const { tree } = read
    const isOther = sql !== text
    const query = statementOf(tree)
    if (query === undefined) {
      const verdict = judge(tree, sql)
      if ("code" in verdict) return verdict
      throw new Error("a statement without a query passed")
    }
    const made = rewritten(query, sql, dialect)
    if ("code" in made) return made
    if (made.query !== query && !made.wantsColumns) return await written(connection, made.query)
    const judged = made.query === query ? tree : { error: false, statements: [{ node: made.query }] }
    const verdict = judge(judged, sql, made.query !== query)
    if ("code" in verdict) return verdict
    const analysis = analysisOf(sql, verdict, made.query, isOther)
    return made.wantsColumns ? { ...analysis, wantsColumns: true } : analysis
  } catch (error) {
    if (error instanceof RangeError) return { code: "query_validation", message: TOO_DEEP }
    return faultFromDuckdb(messageOf(error), sql)
  }
}
