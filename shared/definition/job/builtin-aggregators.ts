import type { Aggregator } from "./aggregators.ts"

// The accumulators here are what the stored state holds. A runtime may compute `kind`s that it knows in its own way, as
// long as what it stores is read by these.

type Of<T, V> = (record: T) => V
type Ordered = number | string | bigint

function made<T, R, A>(aggregator: Aggregator<T, R, A>): Aggregator<T, R, A> {
  return Object.freeze(aggregator)
}

/** How many records there are. */
export function count<T = unknown>(): Aggregator<T, number, number> {
  return made({ kind: "count", create: () => 0, add: n => n + 1, merge: (a, b) => a + b, result: n => n })
}

/** How many records satisfy `condition`. */
export function countIf<T>(condition: Of<T, boolean>): Aggregator<T, number, number> {
  return made({
    kind: "countIf",
    of: condition,
    create: () => 0,
    add: (n, record) => (condition(record) ? n + 1 : n),
    merge: (a, b) => a + b,
    result: n => n,
  })
}

/** The sum; 0 over no records. Numbers are added in the order of the records. */
export function sum<T>(of: Of<T, number>): Aggregator<T, number, number> {
  return made({
    kind: "sum",
    of,
    create: () => 0,
    add: (s, record) => s + of(record),
    merge: (a, b) => a + b,
    result: s => s,
  })
}

/** The mean; null over no records. */
export function avg<T>(of: Of<T, number>): Aggregator<T, number | null, [sum: number, count: number]> {
  return made({
    kind: "avg",
    of,
    create: () => [0, 0],
    add: ([s, n], record) => [s + of(record), n + 1],
    merge: ([s, n], [t, m]) => [s + t, n + m],
    result: ([s, n]) => (n === 0 ? null : s / n),
  })
}

function extreme<T, V extends Ordered>(kind: "min" | "max", of: Of<T, V>): Aggregator<T, V | null, V | null> {
  const wins = kind === "min" ? (a: V, b: V) => a < b : (a: V, b: V) => a > b
  const better = (kept: V | null, next: V | null) =>
    kept === null || (next !== null && wins(next, kept)) ? next : kept
  return made({
    kind,
    of,
    create: () => null,
    add: (kept, record) => better(kept, of(record)),
    merge: better,
    result: v => v,
  })
}

/** The lowest value; null over no records. */
export function min<T, V extends Ordered>(of: Of<T, V>): Aggregator<T, V | null, V | null> {
  return extreme("min", of)
}

/** The highest value; null over no records. */
export function max<T, V extends Ordered>(of: Of<T, V>): Aggregator<T, V | null, V | null> {
  return extreme("max", of)
}

/** The value of the first record, in the order of their arrival; null over no records. */
export function first<T, V>(of: Of<T, V>): Aggregator<T, V | null, readonly V[]> {
  return made<T, V | null, readonly V[]>({
    kind: "first",
    of,
    create: () => [],
    add: (kept, record) => (kept.length === 0 ? [of(record)] : kept),
    merge: (a, b) => (a.length === 0 ? b : a),
    result: kept => kept[0] ?? null,
  })
}

/** The value of the last record, in the order of their arrival; null over no records. */
export function last<T, V>(of: Of<T, V>): Aggregator<T, V | null, readonly V[]> {
  return made<T, V | null, readonly V[]>({
    kind: "last",
    of,
    create: () => [],
    add: (_kept, record) => [of(record)],
    merge: (a, b) => (b.length === 0 ? a : b),
    result: kept => kept[0] ?? null,
  })
}

/** Every value, in the order of the records' arrival. */
export function collect<T, V>(of: Of<T, V>): Aggregator<T, readonly V[], V[]> {
  return made<T, readonly V[], V[]>({
    kind: "collect",
    of,
    create: () => [],
    add(kept, record) {
      kept.push(of(record))
      return kept
    },
    merge: (a, b) => a.concat(b),
    // A copy: the window may go on to grow.
    result: kept => kept.slice(),
  })
}

/**
 * The `k` most frequent values with their counts, the most frequent first, ties in ascending order of the values.
 * Exact: every distinct value is kept.
 */
export function topK<T, V extends string | number>(
  of: Of<T, V>,
  k: number,
): Aggregator<T, readonly { readonly value: V; readonly count: number }[], Map<V, number>> {
  return made<T, readonly { readonly value: V; readonly count: number }[], Map<V, number>>({
    kind: "topK",
    of,
    parameters: { k },
    create: () => new Map(),
    add(counts, record) {
      const value = of(record)
      counts.set(value, (counts.get(value) ?? 0) + 1)
      return counts
    },
    merge(a, b) {
      for (const [value, n] of b) a.set(value, (a.get(value) ?? 0) + n)
      return a
    },
    result: counts =>
      [...counts]
        .sort(([v, n], [w, m]) => m - n || (v < w ? -1 : v > w ? 1 : 0))
        .slice(0, k)
        .map(([value, n]) => ({ value, count: n })),
  })
}

/**
 * How many distinct values there are, exactly. Every distinct value is kept: for large numbers of them take
 * `approxCountDistinct`.
 */
export function countDistinct<T, V extends string | number | boolean>(
  of: Of<T, V>,
): Aggregator<T, number, Set<V>> {
  return made<T, number, Set<V>>({
    kind: "countDistinct",
    of,
    create: () => new Set(),
    add: (values, record) => values.add(of(record)),
    merge(a, b) {
      for (const value of b) a.add(value)
      return a
    },
    result: values => values.size,
  })
}

/** An aggregate of one's own. */
export function aggregator<T, R, A>(
  own: Pick<Aggregator<T, R, A>, "create" | "add" | "merge" | "result">,
): Aggregator<T, R, A> {
  return made({ kind: "custom", ...own })
}
