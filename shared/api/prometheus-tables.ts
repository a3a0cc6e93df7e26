import type { Access } from "./auth/access.ts"
import { sampleLines } from "./prometheus.ts"
import type { TableDirectory } from "./types.ts"

/** Of more, none are shown: each is a read of its partitions' manifests. */
const TABLES_MAX = 100

/** What tables of those that the caller may read were overtaken by: nothing where there are none. */
export async function tableMetricsText(tables: TableDirectory, access: Access): Promise<string> {
  const { status } = tables
  if (status === undefined) return ""
  const names = (await tables.list()).map(({ name }) => name)
  const shown = names.filter(name => access.may({ kind: "table", name, action: "query" }))
  if (shown.length === 0 || shown.length > TABLES_MAX) return ""
  const missed = await Promise.all(
    shown.map(async name => {
      const told = (await status(name)) as { readonly missed?: number } | undefined
      return [{ table: name }, told?.missed] as const
    }),
  )
  const help = "Offsets that the log had deleted before the table read them."
  return `${sampleLines("millrace_table_missed_total", "counter", help, missed).join("\n")}\n`
}
