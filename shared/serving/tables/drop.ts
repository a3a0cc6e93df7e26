import type { Item, TransactionStep } from "../../storage/meta-store.ts"
import { notAfter } from "../../storage/not-after.ts"
import { settleTransaction } from "../../storage/settle.ts"
import { commitManifest, readManifest } from "../manifest/manifest-store.ts"
import { TableError } from "./table-error.ts"
import { TABLE_FORMAT, TABLES_PK, type TableInfo } from "./table-item.ts"
import type { RegistryPorts } from "./table-registry.ts"

/** Where the collector finds the tables whose objects and manifests are to go. */
export const DROPPED_PK = "dropped-tables"

/**
 * Closes every manifest of a table that is marked `dropping`, so that no builder adds to it, then frees its name and
 * leaves a note for the collector. May be repeated from any point.
 * @param date store date of the read of the table's item, epoch ms
 */
export async function dropTable(ports: RegistryPorts, table: TableInfo, date: number): Promise<void> {
  await closeManifests(ports, table)
  const note = droppedNote(ports, table, date)
  const steps: TransactionStep[] = [
    {
      kind: "delete",
      table: "meta",
      key: { pk: TABLES_PK, sk: table.spec.name },
      condition: { version: table.version },
    },
    { kind: "put", table: "meta", item: note },
  ]
  const options = { notAfter: notAfter(date), token: ports.random.id() }
  const settled = await settleTransaction(ports, steps, { table: "meta", item: note }, options)
  const free =
    settled.outcome === "committed" || (settled.outcome === "refused" && isGone(settled.standing, table))
  if (!free)
    throw new TableError("outcome_unknown", `table ${table.spec.name} may or may not be dropped; try again`)
}

/** What tells the collector of a table that is gone. @param date store date of a read before, epoch ms */
function droppedNote({ random }: Pick<RegistryPorts, "random">, table: TableInfo, date: number): Item {
  return {
    pk: DROPPED_PK,
    sk: table.id,
    version: random.id(),
    fields: { v: TABLE_FORMAT, name: table.spec.name, partitions: table.partitions, dropped: date },
  }
}

/** Closes the manifests of a table, so that no builder adds to it. */
async function closeManifests(
  ports: RegistryPorts,
  { id, partitions }: Pick<TableInfo, "id" | "partitions">,
): Promise<void> {
  for (let partition = 0; partition < partitions; partition++) await close(ports, id, partition)
}

/** Somebody else finished the same drop: the name is free, or another table's. */
function isGone(standing: { readonly item: Item | undefined } | undefined, table: TableInfo): boolean {
  return standing !== undefined && standing.item?.fields.id !== table.id
}

/** Builders may commit meanwhile: whoever closes goes on until it has won. */
async function close(ports: RegistryPorts, tableId: string, partition: number): Promise<void> {
  for (;;) {
    const { manifest, date } = await readManifest(ports, tableId, partition)
    if (manifest === undefined || manifest.closed) return
    const closed = { ...manifest, closed: true, version: ports.random.id() }
    if ((await commitManifest(ports, manifest, closed, notAfter(date))) === "committed") return
  }
}
