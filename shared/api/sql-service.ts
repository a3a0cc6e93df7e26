import type { QueryService } from "../serving/query/query-service.ts"
import type { PinotReply, ResultTable } from "../serving/query/reply.ts"
import type { ResultStore } from "../serving/query/result-store.ts"
import { serializeReply, serializeRows } from "../serving/query/serialize-reply.ts"
import type { SqlReply, SqlRequest, SqlService } from "./types.ts"

function isAnswer(reply: PinotReply): reply is PinotReply & { readonly resultTable: ResultTable } {
  return reply.resultTable !== undefined
}

/**
 * What routes ask of SQL.
 * @param results where answers are kept for cursors; without it there are none
 */
export function sqlService(queries: QueryService, results?: ResultStore): SqlService {
  const query = async ({ format = "json", pageRows, ...request }: SqlRequest): Promise<SqlReply> => {
    const keeps = pageRows !== undefined && results !== undefined
    const reply = await queries.query({ ...request, isLarge: keeps })
    if (!isAnswer(reply)) return { body: serializeReply(reply), format: "json", isFailed: true }
    if (!keeps) return { body: await serializeRows(reply, format), format, isFailed: false }
    const owner = request.owner ?? ""
    const id = await results.keep(reply, owner)
    const body = await results.page({ id, owner, offset: 0, rows: pageRows })
    return { body: body ?? "", format: "json", isFailed: false }
  }
  return {
    query,
    running: owner => queries.running.list(owner),
    cancel: (id, owner) => queries.running.cancel(id, owner),
    ...(results === undefined ? {} : { results }),
  }
}
