import { LRUCache } from "lru-cache"
import { type Expr, type PGNode, parse } from "pgsql-ast-parser"

/** What is wrong with an expression, and where: `position` counts characters from 1. */
export interface ExpressionFault {
  readonly message: string
  readonly position: number
}

/** Thrown inside the compiler only; `compileExpression` turns it into a value. */
export class FaultError extends Error {
  override readonly name = "FaultError"
  readonly fault: ExpressionFault

  constructor(message: string, position: number) {
    super(message)
    this.fault = { message, position }
  }
}

/** Longer expressions belong into a job; the parser's time grows faster than its text. */
export const EXPRESSION_CHARS_MAX = 4_096

/** Parsing takes milliseconds, and the same definitions and erasures are asked about by every flush and query. */
const PARSED_KEPT = 512

const parsedBefore = new LRUCache<string, Expr>({ maxSize: PARSED_KEPT, sizeCalculation: () => 1 })

/** Parses one expression; throws `FaultError`. What it returns is shared: nobody changes it. */
export function parseSyntax(sql: string): Expr {
  const known = parsedBefore.get(sql)
  if (known !== undefined) return known
  const expression = parseText(sql)
  parsedBefore.set(sql, expression)
  return expression
}

function parseText(sql: string): Expr {
  if (sql.trim() === "") throw new FaultError("expected an expression, got nothing", 1)
  if (sql.length > EXPRESSION_CHARS_MAX) {
    throw new FaultError(`expected at most ${EXPRESSION_CHARS_MAX} characters, got ${sql.length}`, 1)
  }
  let parsed: unknown
  try {
    parsed = parse(sql, { entry: "expr", locationTracking: true })
  } catch (error) {
    throw syntaxFault(sql, error)
  }
  const first = Array.isArray(parsed) ? parsed[0] : parsed
  return first as Expr
}

function syntaxFault(sql: string, error: unknown): FaultError {
  const token = (error as { token?: { text?: string; offset?: number } }).token
  if (token?.text !== undefined && token.offset !== undefined) {
    return new FaultError(`unexpected '${token.text}'`, token.offset + 1)
  }
  const lexed = /line (\d+) col (\d+)/.exec(String((error as Error).message))
  if (lexed === null) return new FaultError("unexpected end of the expression", sql.length + 1)
  const lines = sql.split("\n").slice(0, Number(lexed[1]) - 1)
  const position = lines.reduce((sum, line) => sum + line.length + 1, 0) + Number(lexed[2])
  return new FaultError(`unexpected '${sql[position - 1] ?? ""}'`, position)
}

/** Where a node begins, counted from 1. */
export function positionOf(node: PGNode): number {
  return (node._location?.start ?? 0) + 1
}

/** The node's own text. The parser rounds numbers and lowers names; the text does neither. */
export function sourceOf(sql: string, node: PGNode): string {
  return sql.slice(node._location?.start ?? 0, node._location?.end ?? 0)
}

const NAME = /\s*(?:"((?:[^"]|"")*)"|([\p{L}_][\p{L}\p{N}_$]*))\s*(\.|$)/uy

/** Splits `a."b c".d` into its names, their case kept; undefined when the text is no such path. */
export function splitPath(text: string): string[] | undefined {
  const names: string[] = []
  NAME.lastIndex = 0
  for (;;) {
    const match = NAME.exec(text)
    if (match === null) return undefined
    names.push(match[1] === undefined ? (match[2] ?? "") : match[1].replaceAll('""', '"'))
    if (match[3] === "") return names
  }
}
