import { QueryError } from "../serving/errors.ts"
import type { QueryRequest, QueryService } from "../serving/query/query-service.ts"
import type { PinotReply, ResultTable } from "../serving/query/reply.ts"
import type { ResultStore } from "../serving/query/result-store.ts"
import { serializeReply, serializeRows } from "../serving/query/serialize-reply.ts"
import type { SqlReply, SqlRequest, SqlService } from "./types.ts"

/** Answers that are kept at once: one takes a few hundred megabytes of the process that holds the log. */
const KEEPING_MAX = 1

const TOO_MANY = "Another large answer is being kept: try again when it is"

function isAnswer(reply: PinotReply): reply is PinotReply & { readonly resultTable: ResultTable } {
  return reply.resultTable !== undefined
}

/**
 * What routes ask of SQL.
 * @param results where answers are kept for cursors; without it there are none
 */
export function sqlService(queries: QueryService, results?: ResultStore): SqlService {
  let keeping = 0
  /** Keeps an answer, which may be larger than a reply, and gives its first page. */
  const keep = async (store: ResultStore, request: QueryRequest, rows: number): Promise<SqlReply> => {
    if (keeping >= KEEPING_MAX) throw new QueryError("too_many_requests", TOO_MANY)
    keeping++
    try {
      const reply = await queries.query({ ...request, isLarge: true })
      if (!isAnswer(reply)) return { body: serializeReply(reply), format: "json", isFailed: true }
      const owner = request.owner ?? ""
      const id = await store.keep(reply, owner)
      const body = await store.page({ id, owner, offset: 0, rows })
      return { body: body ?? "", format: "json", isFailed: false }
    } finally {
      keeping--
    }
  }
  const query = async ({ format = "json", pageRows, ...request }: SqlRequest): Promise<SqlReply> => {
    if (pageRows !== undefined && results !== undefined) return await keep(results, request, pageRows)
    const reply = await queries.query(request)
    if (!isAnswer(reply)) return { body: serializeReply(reply), format: "json", isFailed: true }
    return { body: await serializeRows(reply, format), format, isFailed: false }
  }
  return {
    query,
    running: async owner => queries.running.list(owner),
    cancel: async (id, owner) => queries.running.cancel(id, owner),
    ...(results === undefined ? {} : { results }),
  }
}
