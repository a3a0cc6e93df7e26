import type { ColumnSpec, ColumnType, TableSpec, UpsertStrategy } from "../../definition/table-spec.ts"
import type { RecordKeys } from "../ingest/record-keys.ts"
import { COMPARE_TYPES, TTL_TYPES } from "./compare-value.ts"
import { KeyHasher } from "./key-hash.ts"

/** By what rules rows of one key replace each other. Numbers are indexes of columns. */
export interface KeyRules {
  readonly kind: "upsert" | "dedup"
  readonly key: readonly number[]
  /** The comparison column; of a dedup with a time to live, the time column. */
  readonly compare?: { readonly index: number; readonly type: ColumnType }
  readonly deleteFlag?: number
  readonly ttlMs?: number
  /** Of a partial upsert, one for every column. */
  readonly strategies?: readonly UpsertStrategy[]
  /** As files hold them now. */
  readonly columns: readonly ColumnSpec[]
}

/** The rules of a table with `upsert` or `dedup`; undefined for any other. Throws `RangeError` for one that is no table. */
export function keyRules(spec: TableSpec): KeyRules | undefined {
  const { upsert, dedup, primaryKey = [], columns } = spec
  if (upsert === undefined && dedup === undefined) return undefined
  const indexOf = (name: string): number => {
    const index = columns.findIndex(column => column.name === name)
    if (index < 0) throw new RangeError(`table ${spec.name} has no column ${name}`)
    return index
  }
  const key = primaryKey.map(indexOf)
  if (key.length === 0) throw new RangeError(`table ${spec.name} has no primary key`)
  const compareName =
    upsert === undefined ? (dedup?.ttlMs === undefined ? undefined : spec.time) : upsert.compare
  const ttlMs = upsert?.ttlMs ?? dedup?.ttlMs
  const isPartial = upsert?.mode === "partial"
  const deleteFlag = upsert?.delete
  return {
    kind: upsert === undefined ? "dedup" : "upsert",
    key,
    columns,
    ...(compareName === undefined ? {} : { compare: compareOf(spec, indexOf(compareName), ttlMs) }),
    ...(deleteFlag === undefined ? {} : { deleteFlag: indexOf(deleteFlag) }),
    ...(ttlMs === undefined ? {} : { ttlMs }),
    ...(isPartial
      ? { strategies: columns.map(({ name }) => upsert?.strategies?.[name] ?? "overwrite") }
      : {}),
  }
}

function compareOf(
  { name, columns }: TableSpec,
  index: number,
  ttlMs: number | undefined,
): { index: number; type: ColumnType } {
  const { type } = columns[index]!
  const types = ttlMs === undefined ? COMPARE_TYPES : TTL_TYPES
  if (types.includes(type)) return { index, type }
  throw new RangeError(`table ${name} compares a ${type}; expected one of ${types.join(", ")}`)
}

/**
 * How records of a partition are read where rows replace each other.
 * @param topicKey the topic's key field, where it names one
 */
export function recordKeys(
  rules: KeyRules,
  { id, partitions }: { readonly id: string; readonly partitions: number },
  partition: number,
  topicKey: string | undefined,
): RecordKeys {
  const hasher = new KeyHasher(id)
  const [only] = rules.key
  const column = rules.key.length === 1 ? rules.columns[only!] : undefined
  const field = column?.sql === undefined ? column : undefined
  const keyField = topicKey ?? field?.name
  return {
    partition,
    partitions,
    columns: rules.key,
    ...(field === undefined ? {} : { field }),
    ...(keyField === undefined ? {} : { keyField }),
    hash: (columns, rows) =>
      hasher.hash(
        rules.key.map(index => columns[index]!),
        rows,
      ),
  }
}
