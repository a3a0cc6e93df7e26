import { LogError } from "../../log/errors.ts"
import { StorageError } from "../../storage/errors.ts"
import type { TableRegistry } from "../tables/table-registry.ts"
import type { Maintainer } from "./maintainer.ts"

/** Steps of one partition in one round: none starves the others. */
const STEPS_MAX = 4

/** A fault that the next round may find mended. */
export interface MaintainFault {
  /** Empty when the tables could not even be listed. */
  readonly table: string
  readonly partition: number
  readonly error: LogError | StorageError
}

export interface RoundOptions {
  /** Whether to begin another step. */
  readonly hasTime: () => boolean
  readonly onFault: (fault: MaintainFault) => void
  /** Which partitions; default: of all tables, also those that are built anew. */
  readonly only?: (table: string, partition: number) => boolean
}

/**
 * One round over tables and partitions; whether anything was done, so that there may be more to do. A fault of one
 * partition stops no other.
 * @param first index of the table that comes first: another each time, should time not suffice
 */
export async function maintainAll(
  registry: Pick<TableRegistry, "listBuilt">,
  maintainer: Pick<Maintainer, "step">,
  { hasTime, onFault, only = () => true }: RoundOptions,
  first = 0,
): Promise<boolean> {
  let worked = false
  const report = (table: string, partition: number, error: unknown) => {
    if (!(error instanceof LogError) && !(error instanceof StorageError)) throw error
    onFault({ table, partition, error })
  }
  const tables = await registry.listBuilt().catch((error: unknown) => {
    report("", 0, error)
    return []
  })
  for (let index = 0; index < tables.length; index++) {
    const { spec, partitions } = tables[(first + index) % tables.length]!
    for (let partition = 0; partition < partitions && hasTime(); partition++) {
      if (!only(spec.name, partition)) continue
      try {
        if (await maintainPartition(maintainer, spec.name, partition, hasTime)) worked = true
      } catch (error) {
        report(spec.name, partition, error)
      }
    }
  }
  return worked
}

async function maintainPartition(
  maintainer: Pick<Maintainer, "step">,
  table: string,
  partition: number,
  hasTime: () => boolean,
): Promise<boolean> {
  let worked = false
  for (let steps = 0; steps < STEPS_MAX && hasTime(); steps++) {
    const { kind } = await maintainer.step(table, partition)
    if (kind === "done") worked = true
    if (kind === "idle" || kind === "stopped") break
  }
  return worked
}
