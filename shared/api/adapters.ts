import type { QueryService } from "../serving/query/query-service.ts"
import { serializeReply } from "../serving/query/serialize-reply.ts"
import type { TableRegistry } from "../serving/tables/table-registry.ts"
import type { SqlService, TableDirectory } from "./types.ts"

/** The query service as the routes ask it. */
export function sqlService(queries: QueryService): SqlService {
  return {
    query: async ({ sql, options }) => serializeReply(await queries.query({ sql, options })),
  }
}

/** The registered tables as the routes show them. */
export function tableDirectory(registry: TableRegistry): TableDirectory {
  return {
    list: async () => (await registry.list()).map(table => table.spec),
    get: async name => (await registry.find(name))?.table.spec,
  }
}
