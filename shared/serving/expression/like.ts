/**
 * SQL's LIKE as a function: `%` is any text, `_` one character, `\` is not special (as in DuckDB without ESCAPE).
 * Linear in text × pattern, never exponential: on a mismatch only the last `%` is widened.
 */
export function likeMatcher(pattern: string, ignoreCase: boolean): (text: string) => boolean {
  const wanted = [...(ignoreCase ? pattern.toLowerCase() : pattern)]
  const inner = wanted.slice(1, -1)
  const simple = !inner.includes("%") && !wanted.includes("_")
  if (simple && wanted.length > 1) {
    const middle = inner.join("")
    const fold = (text: string) => (ignoreCase ? text.toLowerCase() : text)
    if (wanted[0] === "%" && wanted.at(-1) === "%") return text => fold(text).includes(middle)
    if (wanted[0] === "%") return text => fold(text).endsWith(wanted.slice(1).join(""))
    if (wanted.at(-1) === "%") return text => fold(text).startsWith(wanted.slice(0, -1).join(""))
  }
  return text => matches([...(ignoreCase ? text.toLowerCase() : text)], wanted)
}

function matches(text: readonly string[], pattern: readonly string[]): boolean {
  let at = 0
  let wanted = 0
  let star = -1
  let resume = 0
  while (at < text.length) {
    if (pattern[wanted] === "%") {
      star = wanted++
      resume = at
    } else if (wanted < pattern.length && (pattern[wanted] === "_" || pattern[wanted] === text[at])) {
      wanted++
      at++
    } else if (star >= 0) {
      wanted = star + 1
      at = ++resume
    } else return false
  }
  while (pattern[wanted] === "%") wanted++
  return wanted === pattern.length
}
