import { shownColumns, type TableInfo } from "../serving/tables/table-item.ts"
import type { TableRegistry } from "../serving/tables/table-registry.ts"
import { tableStatus } from "../serving/tables/table-status.ts"
import type { Ports } from "../storage/time.ts"
import type { TableDirectory } from "./types.ts"

/** What routes ask about tables, from their registry. All throw `StorageError`. */
export function tableDirectory(
  ports: Pick<Ports, "meta" | "objects" | "clock">,
  registry: TableRegistry,
): Required<TableDirectory> {
  const find = async (name: string) => (await registry.find(name))?.table
  return {
    list: async () => (await registry.list()).map(specOf),
    async get(name) {
      const table = await find(name)
      return table === undefined ? undefined : specOf(table)
    },
    async status(name) {
      const table = await find(name)
      return table === undefined ? undefined : tableStatus(ports, table)
    },
  }
}

function specOf(table: TableInfo) {
  return { ...table.spec, columns: shownColumns(table) }
}
