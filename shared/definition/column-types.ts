import type { ColumnType } from "./table-spec.ts"
import type { FieldOf } from "./topic.ts"

/** A column as an app file writes it in full. */
export interface ColumnOptions {
  readonly type: ColumnType
  /** A SQL expression over the record's fields. Default: the field with the column's name. */
  readonly sql?: string
  /** How a `timestamp` is written in text, such as `yyyy/MM/dd HH:mm`, in UTC. Default ISO 8601. */
  readonly format?: string
  /** The value of a missing field. */
  readonly default?: string | number | boolean
}

type ValueOf<T, K> = T extends unknown ? (K extends keyof T ? T[K] : never) : never

/** The column types that a field of a record can be read as without a SQL expression. */
type TypesOf<V> = unknown extends V
  ? ColumnType
  : [NonNullable<V>] extends [string]
    ? "string" | "long" | "timestamp" | "decimal" | "bytes" | "json"
    : [NonNullable<V>] extends [number]
      ? "int" | "long" | "float" | "double" | "decimal" | "timestamp" | "json"
      : [NonNullable<V>] extends [boolean]
        ? "boolean" | "json"
        : "json"

type FitsField<T, K, C> = C extends { readonly sql: string }
  ? C
  : K extends FieldOf<T>
    ? C extends string
      ? TypesOf<ValueOf<T, K>>
      : Omit<ColumnOptions, "type"> & { readonly type: TypesOf<ValueOf<T, K>> }
    : `the topic's records have no field '${K & string}'; give the column an sql expression`

type UnknownOptions<C> = {
  readonly [X in Exclude<keyof C, keyof ColumnOptions>]: `a column has no option '${X & string}'`
}

/**
 * What column `K`, written as `C`, may be over records of type `T`: itself where it is right, else what it should
 * have been, or a sentence, which the compiler prints.
 */
export type FitsColumn<T, K, C> = C extends ColumnType
  ? FitsField<T, K, C>
  : C extends ColumnOptions
    ? [Exclude<keyof C, keyof ColumnOptions>] extends [never]
      ? FitsField<T, K, C>
      : ColumnOptions & UnknownOptions<C>
    : C extends string
      ? ColumnType
      : ColumnOptions
