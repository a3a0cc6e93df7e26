import { LogError } from "../../log/errors.ts"
import type { Log } from "../../log/types.ts"
import { notAfter } from "../../storage/not-after.ts"
import { commitManifest } from "../manifest/manifest-store.ts"
import type { TableInfo } from "../tables/table-item.ts"
import type { MaintainPorts } from "./replace-segments.ts"
import type { Found } from "./rewrite.ts"

/**
 * Moves the cut of a table that keeps more than before. What lies below it now is gone, and stays gone: an erasure takes its
 * place, in the same write, up to the log's end. Throws `LogError`, `StorageError`.
 * @param cutBefore where it is to be, epoch ms; undefined: everything is kept
 */
export async function liftCut(
  ports: MaintainPorts,
  log: Pick<Log, "offsets">,
  { table, manifest, date }: Found,
  cutBefore: number | undefined,
): Promise<"lifted" | "lost"> {
  const { cutBefore: before, ...rest } = manifest
  const where = before === undefined ? undefined : belowCut(table, before)
  if (where === undefined) return "lost"
  const end = await endOf(log, table, manifest.partition, manifest.position)
  const purge = { id: ports.random.id(), where, end, done: 0 }
  const to = {
    ...rest,
    ...(cutBefore === undefined ? {} : { cutBefore }),
    purges: end === 0 ? manifest.purges : [...manifest.purges, purge],
    version: ports.random.id(),
  }
  const committed = await commitManifest(ports, manifest, to, notAfter(date))
  return committed === "committed" ? "lifted" : "lost"
}

/** The condition of rows below the cut, as erasures are written down. */
function belowCut({ spec }: TableInfo, before: number): string | undefined {
  const column = spec.columns.find(({ name }) => name === spec.time)
  if (column === undefined) return undefined
  const least = Math.ceil(before)
  const constant = column.type === "timestamp" ? `'${new Date(least).toISOString()}'` : String(least)
  return `"${column.name}" < ${constant}`
}

async function endOf(
  log: Pick<Log, "offsets">,
  { topicId }: TableInfo,
  partition: number,
  position: number,
): Promise<number> {
  try {
    return (await log.offsets(topicId, partition)).endOffset
  } catch (error) {
    if (error instanceof LogError && error.code === "topic_deleted") return position
    throw error
  }
}
