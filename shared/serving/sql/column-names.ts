/**
 * A result column's name as Pinot's clients expect it, from the one that DuckDB gave: `count(*)` for
 * `count_star()`, and no schema before a function that the parser itself put there.
 */
export function columnName(name: string): string {
  return name
    .replace(/\bcount_star\(\)/g, "count(*)")
    .replace(/^count\(\)/, "count(*)")
    .replace(/\bmain\.(\w+\()/g, "$1")
}
