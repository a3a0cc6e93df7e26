import { LRUCache } from "lru-cache"
import { QueryError } from "../errors.ts"
import type { Analysis, Dialect, EngineReply, RunRequest, SqlEngine } from "../sql/engine.ts"
import { folded } from "../sql/folded.ts"
import { jsonBytes } from "../sql/json-bytes.ts"
import { isNode, type TreeNode, type TreeValue, text } from "../sql/syntax-tree.ts"
import type { SqlAnswer } from "../types.ts"

/** What answers take together, as JSON: those of some thousand panels of dashboards. */
const CACHE_BYTES_MAX = 32 * 1024 ** 2
/** A larger answer costs more to keep than it saves: whoever pages through a table asks no page twice. */
const ANSWER_BYTES_MAX = 256 * 1024

/** What gives another value each time, or as time goes by. */
const volatile: ReadonlySet<string> = new Set(
  `age ago current_date current_localtime current_localtimestamp current_time current_timestamp gen_random_uuid
   get_current_date get_current_time get_current_timestamp localtime localtimestamp nextval now random
   reservoir_quantile today transaction_timestamp uuid uuidv4 uuidv7`.split(/\s+/),
)

/** Whether equal rows give an equal answer at any time. */
export function isLasting(query: TreeNode): boolean {
  const open: TreeValue[] = [query]
  for (let value = open.pop(); value !== undefined; value = open.pop()) {
    if (Array.isArray(value)) for (const item of value) open.push(item)
    else if (isNode(value)) {
      if ((value.sample ?? null) !== null) return false
      if (volatile.has(folded(text(value.function_name)))) return false
      // Written without parentheses, some are read as names of columns.
      const [name, ...rest] = Array.isArray(value.column_names) ? value.column_names : []
      if (rest.length === 0 && volatile.has(folded(text(name)))) return false
      for (const member of Object.values(value)) {
        if (typeof member === "object" && member !== null) open.push(member)
      }
    }
  }
  return true
}

/** Everything that an answer depends on; undefined where that cannot be said. */
function keyOf(request: RunRequest): string | undefined {
  const { sql, tree, tables, views, parameters, isRewritten, engine, useRollups, limits } = request
  if (tree === undefined || tables.some(({ snapshot }) => snapshot === undefined)) return undefined
  const pinned = tables.map(({ name, snapshot }) => {
    // What a caller may not see is no part of what another one's answer was made of.
    const view = views?.get(name)
    return [name, snapshot, view?.filter ?? null, view?.pinotNulls === true]
  })
  const { rowsMax, resultBytesMax } = limits
  return JSON.stringify([
    sql,
    isRewritten === true,
    parameters ?? [],
    engine ?? null,
    useRollups ?? null,
    rowsMax,
    resultBytesMax,
    pinned,
  ])
}

/** The answer's bytes as JSON, about; more than what is kept, where it is larger. */
function bytesOf({ rows, columns }: SqlAnswer): number {
  let bytes = 64 * columns.length
  for (const row of rows) {
    for (const cell of row) bytes += jsonBytes(cell)
    if (bytes > ANSWER_BYTES_MAX) break
  }
  return bytes
}

/** Gives an answer again while the tables stand as they stood: their snapshots are part of what it is kept by. */
export class CachingEngine implements SqlEngine {
  readonly #engine: SqlEngine
  readonly #answers: LRUCache<string, SqlAnswer>
  /** By tree: statements that are repeated share theirs. */
  readonly #lasting = new WeakMap<TreeNode, boolean>()

  /** @param engine closed with this one */
  constructor(engine: SqlEngine, bytesMax: number = CACHE_BYTES_MAX) {
    this.#engine = engine
    this.#answers = new LRUCache({
      maxSize: bytesMax,
      sizeCalculation: (answer, key) => key.length + bytesOf(answer),
    })
  }

  analyze(sql: string, deadlineMs: number, dialect?: Dialect): Promise<EngineReply<Analysis>> {
    return this.#engine.analyze(sql, deadlineMs, dialect)
  }

  async run(request: RunRequest): Promise<EngineReply<SqlAnswer>> {
    const key = request.resultCache === false || !this.#lasts(request) ? undefined : keyOf(request)
    if (key === undefined) return await this.#engine.run(request)
    const kept = this.#answers.get(key)
    if (kept !== undefined) return { ok: true, value: again(kept) }
    const reply = await this.#engine.run(request)
    if (reply.ok && bytesOf(reply.value) <= ANSWER_BYTES_MAX) this.#answers.set(key, reply.value)
    return reply
  }

  explain(request: RunRequest): Promise<EngineReply<SqlAnswer>> {
    if (this.#engine.explain !== undefined) return this.#engine.explain(request)
    const error = new QueryError("query_validation", "EXPLAIN is not supported here")
    return Promise.resolve({ ok: false, error })
  }

  #lasts({ tree }: RunRequest): boolean {
    if (tree === undefined) return false
    const known = this.#lasting.get(tree)
    if (known !== undefined) return known
    const lasts = isLasting(tree)
    this.#lasting.set(tree, lasts)
    return lasts
  }

  close(): Promise<void> {
    return this.#engine.close()
  }
}

/** An answer that cost nothing this time. */
function again(answer: SqlAnswer): SqlAnswer {
  const { cost } = answer
  if (cost === undefined) return answer
  const nothing = { requests: 0, bytesFetched: 0, bytesCached: 0, phasesMs: {}, resultCached: true }
  return { ...answer, cost: { ...cost, ...nothing } }
}
