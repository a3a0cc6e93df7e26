import { QueryError } from "../serving/errors.ts"
import type { QueryRequest, QueryService } from "../serving/query/query-service.ts"
import type { PinotReply, ResultTable } from "../serving/query/reply.ts"
import type { ResultStore } from "../serving/query/result-store.ts"
import { serializeReply, serializeRows } from "../serving/query/serialize-reply.ts"
import type { SqlReply, SqlRequest, SqlService } from "./types.ts"

const TOO_MANY = "Too many large answers are being kept: try again later"

function isAnswer(reply: PinotReply): reply is PinotReply & { readonly resultTable: ResultTable } {
  return reply.resultTable !== undefined
}

/**
 * What routes ask of SQL.
 * @param results where answers are kept for cursors; without it there are none
 */
export function sqlService(queries: QueryService, results?: ResultStore): SqlService {
  /** Keeps an answer, which may be larger than a reply, and gives its first page. */
  const keep = async (store: ResultStore, request: QueryRequest, rows: number): Promise<SqlReply> => {
    const end = await store.turns.take(request.signal)
    if (end === undefined) throw new QueryError("too_many_requests", TOO_MANY)
    try {
      const reply = await queries.query({ ...request, isLarge: true })
      if (!isAnswer(reply)) return { body: serializeReply(reply), format: "json", isFailed: true }
      const owner = request.owner ?? ""
      const id = await store.keep(reply, owner)
      const body = await store.page({ id, owner, offset: 0, rows })
      return { body: body ?? "", format: "json", isFailed: false }
    } finally {
      end()
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
