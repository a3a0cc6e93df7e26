import { LRUCache } from "lru-cache"
import type { QueryError } from "../errors.ts"
import type { Analysis, Dialect, SqlEngine } from "../sql/engine.ts"
import type { PinnedTable } from "../types.ts"

/** Dashboards repeat their statements: characters of statements whose analysis is kept. */
const CACHED_CHARS_MAX = 1024 ** 2

/** What a tree takes, beside its text; a cached one is about as large as fifty times its statement. */
const TREE_WEIGHT = 10

/** The dialect as a key: what is read in the same way has the same. */
function dialectKey({ pinotCompat = false, nullHandling = false, columns }: Dialect): string {
  return `${pinotCompat ? 1 : 0}${nullHandling ? 1 : 0}${columns === undefined ? "" : JSON.stringify(columns)}\n`
}

/** The columns of pinned tables, as an analysis takes them. */
export function columnsOf(tables: readonly PinnedTable[]): NonNullable<Dialect["columns"]> {
  return Object.fromEntries(
    tables.map(({ name, columns }) => [
      name,
      columns.map(({ name, type, list }) => (list === undefined ? { name, type } : { name, type, list })),
    ]),
  )
}

/** Analyses of statements, kept by text and dialect. */
export class Analyses {
  readonly #engine: SqlEngine
  readonly #kept = new LRUCache<string, Analysis>({
    maxSize: CACHED_CHARS_MAX,
    sizeCalculation: ({ sql, tree }, key) =>
      key.length + (tree === undefined ? 1 : TREE_WEIGHT) * sql.length + 1,
  })

  constructor(engine: SqlEngine) {
    this.#engine = engine
  }

  async of(sql: string, dialect: Dialect, deadlineMs: number): Promise<Analysis | QueryError> {
    const key = dialectKey(dialect) + sql
    const kept = this.#kept.get(key)
    if (kept !== undefined) return kept
    const reply = await this.#engine.analyze(sql, deadlineMs, dialect)
    if (!reply.ok) return reply.error
    this.#kept.set(key, reply.value)
    return reply.value
  }
}
