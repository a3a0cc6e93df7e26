import type { StoredTable } from "../../definition/stored.ts"
import type { ColumnSpec, TableSpec } from "../../definition/table-spec.ts"
import type { Owner } from "../../log/types.ts"
import { StorageError } from "../../storage/errors.ts"
import type { Item } from "../../storage/meta-store.ts"

export const TABLE_FORMAT = 1
/** All names lie under one key, so that listing is one query. */
export const TABLES_PK = "tables"

/** `creating`: some manifests may be missing. `dropping`: some are closed already. */
export type TableState = "creating" | "open" | "dropping"

/** What a table is told that is built anew, beside the one whose place it is to take. */
export interface Rebuild {
  /** The id of the standing table, and its item's version: another one makes this table obsolete. */
  readonly of: string
  readonly version: string
  /** Of the standing table. */
  readonly topicId: string
  /** Where the log ended when it was begun, by partition: from there on it can take over. */
  readonly ends: readonly number[]
}

/** A table that is built anew lies under this and its name, which no statement can say. */
const SHADOW_PREFIX = "~"
export const shadowName = (name: string): string => SHADOW_PREFIX + name
export const isShadow = (name: string): boolean => name.startsWith(SHADOW_PREFIX)
/** The name that a shadow is to take. */
export const nameOfShadow = (shadow: string): string => shadow.slice(SHADOW_PREFIX.length)

/** A table as its item says. */
export interface TableInfo extends StoredTable {
  /** Random, never used again: objects and manifests are named by it. */
  readonly id: string
  readonly owner: Owner
  readonly state: TableState
  readonly topicId: string
  /** So many manifests there are. */
  readonly partitions: number
  /** The columns, in the order of files, of every schema version from 1 on. */
  readonly schemas: readonly (readonly ColumnSpec[])[]
  /** Where a table that is detached stopped, by partition: nothing at or above is part of it. */
  readonly stops?: readonly number[]
  /** Only of a table that is built anew and does not stand yet. */
  readonly rebuild?: Rebuild
  /** Store time of its making, epoch ms. */
  readonly created: number
  /** The item's version. */
  readonly version: string
}

export const schemaVersionOf = (table: TableInfo): number => table.schemas.length

/** The columns that queries see, in the order of `SELECT *`. */
export function shownColumns(table: TableInfo): readonly ColumnSpec[] {
  // The same list for the same table: what is made of it is kept by it.
  if (table.hidden.length === 0) return table.spec.columns
  const hidden = new Set(table.hidden)
  return table.spec.columns.filter(({ name }) => !hidden.has(name))
}

export function encodeTable(table: TableInfo): Item {
  const { id, owner, attached, state, topicId, partitions, created, stops, rebuild } = table
  return {
    pk: TABLES_PK,
    sk: table.spec.name,
    version: table.version,
    fields: {
      v: TABLE_FORMAT,
      id,
      owner,
      attached,
      state,
      topicId,
      partitions,
      created,
      spec: JSON.stringify(table.spec),
      hidden: JSON.stringify(table.hidden),
      schemas: JSON.stringify(table.schemas),
      ...(stops === undefined ? {} : { stops: JSON.stringify(stops) }),
      ...(rebuild === undefined ? {} : { rebuild: JSON.stringify(rebuild) }),
    },
  }
}

/** Throws `StorageError` (`unknown_format`). */
export function decodeTable(item: Item): TableInfo {
  const { fields } = item
  if (fields.v !== TABLE_FORMAT) {
    throw new StorageError(
      "unknown_format",
      `table ${item.sk} has format ${fields.v}; expected ${TABLE_FORMAT}`,
    )
  }
  return {
    id: String(fields.id),
    owner: fields.owner as Owner,
    attached: fields.attached === true,
    state: fields.state as TableState,
    topicId: String(fields.topicId),
    partitions: Number(fields.partitions),
    created: Number(fields.created),
    spec: JSON.parse(String(fields.spec)) as TableSpec,
    hidden: JSON.parse(String(fields.hidden)) as string[],
    schemas: JSON.parse(String(fields.schemas)) as ColumnSpec[][],
    ...(fields.stops === undefined ? {} : { stops: JSON.parse(String(fields.stops)) as number[] }),
    ...(fields.rebuild === undefined ? {} : { rebuild: JSON.parse(String(fields.rebuild)) as Rebuild }),
    version: item.version,
  }
}
