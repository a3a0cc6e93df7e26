import { StorageError } from "../../storage/errors.ts"
import type { Item } from "../../storage/meta-store.ts"
import { queryItems } from "../../storage/query-items.ts"
import { readAgain, settlePut } from "../../storage/settle.ts"
import type { Ports } from "../../storage/time.ts"

const KEPT_PURGE_FORMAT = 1

/** An erasure as it was asked for: kept for as long as the log holds what it is to erase, since a rebuild reads that again. */
export interface KeptPurge {
  readonly id: string
  readonly where: string
  /** By partition: rows at or above stay. */
  readonly ends: readonly number[]
}

export const keptPurgesPk = (tableId: string): string => `purges#${tableId}`

type KeepPorts = Pick<Ports, "meta" | "clock" | "random">

/** Every erasure that is kept with a table. Throws `StorageError`. */
export async function keptPurges(
  ports: Pick<Ports, "meta" | "clock">,
  tableId: string,
): Promise<readonly KeptPurge[]> {
  const { items } = await readAgain(ports, () =>
    queryItems(ports.meta, "meta", { pk: keptPurgesPk(tableId) }),
  )
  return items.map(decode)
}

/** Keeps an erasure with a table; one that is kept already stays. @param notAfter store time, epoch ms */
export async function keepPurge(
  ports: KeepPorts,
  tableId: string,
  purge: KeptPurge,
  notAfter: number,
): Promise<"kept" | "unknown"> {
  const { id, where, ends } = purge
  const item: Item = {
    pk: keptPurgesPk(tableId),
    sk: id,
    version: ports.random.id(),
    fields: { v: KEPT_PURGE_FORMAT, where, ends: JSON.stringify(ends) },
  }
  const put = await settlePut(ports, "meta", item, { condition: { absent: true }, notAfter })
  if (put.outcome === "committed") return "kept"
  return put.outcome === "refused" && put.reason === "exists" ? "kept" : "unknown"
}

function decode({ sk, fields }: Item): KeptPurge {
  if (fields.v !== KEPT_PURGE_FORMAT) {
    throw new StorageError(
      "unknown_format",
      `purge ${sk} has format ${fields.v}; expected ${KEPT_PURGE_FORMAT}`,
    )
  }
  return { id: sk, where: String(fields.where), ends: JSON.parse(String(fields.ends)) as number[] }
}
