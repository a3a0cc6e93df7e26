/** A record that decodes its fields when they are asked for has this method, which gives it as plain data. */
export const MATERIALISE = Symbol("millrace.materialise")

interface LazyRecord {
  [MATERIALISE](): unknown
}

/** A record as plain data that may be kept: a lazy one is valid during a call only. */
export function materialised(record: unknown): unknown {
  if (typeof record !== "object" || record === null) return record
  const lazy = record as Partial<LazyRecord>
  return lazy[MATERIALISE] === undefined ? record : (lazy as LazyRecord)[MATERIALISE]()
}
