/**
 * An aggregate as an incremental computation. Accumulators are plain data (JSON, plus Map, Set, bigint and
 * Uint8Array): they are stored as they are.
 */
export interface Aggregator<T, R, A = unknown> {
  /** Which one it is: a runtime may compute those that it knows in its own way. */
  readonly kind: string
  /** The value of a record that it looks at; absent: the record itself, or none. */
  readonly of?: (record: T) => unknown
  readonly parameters?: Readonly<Record<string, unknown>>
  create(): A
  add(accumulator: A, record: T): A
  /** Both together, as if the records of `right` came after those of `left`. */
  merge(left: A, right: A): A
  result(accumulator: A): R
}

/** Named aggregates over one record type. */
export type Aggregators<T> = Readonly<Record<string, Aggregator<T, unknown>>>

/** The row that named aggregates make. */
export type ResultsOf<A> = {
  [K in keyof A]: A[K] extends { result(accumulator: never): infer R } ? R : never
}
