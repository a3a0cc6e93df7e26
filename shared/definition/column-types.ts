import type { ColumnType } from "./table-spec.ts"
import type { FieldOf } from "./topic.ts"

/** The types whose values can stand in a list. */
export type ElementType = Exclude<ColumnType, "json">

/** A column of lists, such as `"string[]"`. */
export type ListType = `${ElementType}[]`

/** A column as an app file writes it in full. */
export interface ColumnOptions {
  readonly type: ColumnType
  /** The column holds lists of values of `type`; the same as a `[]` behind a type that stands alone. */
  readonly list?: boolean
  /** A SQL expression over the record's fields. Default: the field with the column's name. */
  readonly sql?: string
  /** How a `timestamp` is written in text, such as `yyyy/MM/dd HH:mm`, in UTC. Default ISO 8601. */
  readonly format?: string
  /** The value of a missing field. */
  readonly default?: string | number | boolean
}

/** A column's type, whether it was written alone or in full: `"string"`, `"string[]"`. */
export type TypeOfColumn<C> = C extends string
  ? C
  : C extends { readonly type: infer X extends string; readonly list: true }
    ? `${X}[]`
    : C extends { readonly type: infer X extends string }
      ? X
      : never

/** The names of the columns that have one of some types. */
export type ColumnsOf<C, X> = {
  [K in keyof C & string]: [TypeOfColumn<C[K]>] extends [X] ? K : never
}[keyof C & string]

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

/** The types that the values of a field's lists can be read as. */
type ElementsOf<V> = unknown extends V
  ? ElementType
  : [NonNullable<V>] extends [readonly (infer E)[]]
    ? Exclude<TypesOf<E>, "json">
    : never

type Written<V> = TypesOf<V> | (ElementsOf<V> extends infer E extends ElementType ? `${E}[]` : never)

type WrittenInFull<V, C> = C extends { readonly list: true }
  ? Omit<ColumnOptions, "type"> & { readonly type: ElementsOf<V> }
  : Omit<ColumnOptions, "type"> & { readonly type: TypesOf<V> }

type FitsField<T, K, C> = C extends { readonly sql: string }
  ? C
  : K extends FieldOf<T>
    ? C extends string
      ? Written<ValueOf<T, K>> & (ColumnType | ListType)
      : WrittenInFull<ValueOf<T, K>, C>
    : `the topic's records have no field '${K & string}'; give the column an sql expression`

type UnknownOptions<C> = {
  readonly [X in Exclude<keyof C, keyof ColumnOptions>]: `a column has no option '${X & string}'`
}

/**
 * What column `K`, written as `C`, may be over records of type `T`: itself where it is right, else what it should
 * have been, or a sentence, which the compiler prints.
 */
export type FitsColumn<T, K, C> = C extends ColumnType | ListType
  ? FitsField<T, K, C>
  : C extends ColumnOptions
    ? [Exclude<keyof C, keyof ColumnOptions>] extends [never]
      ? FitsField<T, K, C>
      : ColumnOptions & UnknownOptions<C>
    : C extends string
      ? ColumnType | ListType
      : ColumnOptions
