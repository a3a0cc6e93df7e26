import type { Anomaly } from "./anomaly.ts"
import type { Versions } from "./versions.ts"

/**
 * What a group makes of its topics inside transactions stands once for each record that it has read.
 * @param derived by a value that was made: of which value, for which group
 */
export function checkDerived(derived: ReadonlyMap<string, string>, versions: Versions): Anomaly[] {
  const found: Anomaly[] = []
  const made = new Map<string, string>()
  for (const value of versions.committed) {
    const of = derived.get(value)
    if (of === undefined) continue
    const text = `of ${of}, ${made.get(of)} and ${value} are both committed`
    if (made.has(of)) found.push({ kind: "made twice", text })
    made.set(of, value)
  }
  return found
}
