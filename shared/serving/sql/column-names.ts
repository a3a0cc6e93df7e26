/**
 * A result column's name as Pinot's clients expect it, from the one that DuckDB gave: `count(*)` for
 * `count_star()`, no schema before a function that the parser itself put there, no quotes around an argument that is
 * a plain name.
 */
export function columnName(name: string): string {
  return name
    .replace(/\bcount_star\(\)/g, "count(*)")
    .replace(/^count\(\)/, "count(*)")
    .replace(/\bmain\."?(\w+)"?\(/g, "$1(")
    .replace(/([(,] ?)"([A-Za-z_]\w*)"(?=[),])/g, "$1$2")
}
