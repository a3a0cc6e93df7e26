/** As DuckDB folds names: it knows ASCII's capitals alone, where JavaScript makes a k of the Kelvin sign too. */
export function folded(name: string): string {
  return name.replace(/[A-Z]+/g, capitals => capitals.toLowerCase())
}
