/** What `build` is started with. */
export type BuildEvent =
  | {
      /** Without `partitions`: all. */
      readonly tables: readonly { readonly table: string; readonly partitions?: readonly number[] }[]
      /** A tail becomes a segment at once, whether or not it is worth one. */
      readonly force?: true
    }
  | { readonly all: true; readonly force?: true }

const isName = (value: unknown) => typeof value === "string" && value !== ""
const isPartition = (value: unknown) => Number.isSafeInteger(value) && Number(value) >= 0

/** The event, if it is one: dead letters bring what anybody may have started `build` with. */
export function buildEvent(value: unknown): BuildEvent | undefined {
  if (typeof value !== "object" || value === null) return undefined
  const { all, tables, force } = value as { all?: unknown; tables?: unknown; force?: unknown }
  const how = force === true ? ({ force: true } as const) : {}
  if (all === true) return { all, ...how }
  if (!Array.isArray(tables)) return undefined
  const fine = tables.every(
    (entry: { table?: unknown; partitions?: unknown } | null) =>
      isName(entry?.table) &&
      (entry?.partitions === undefined ||
        (Array.isArray(entry.partitions) && entry.partitions.every(isPartition))),
  )
  return fine ? { tables, ...how } : undefined
}
