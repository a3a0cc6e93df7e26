import { tokenEnd } from "./split-statements.ts"

const word = /[A-Za-z_\u0080-\uffff][\w\u0080-\uffff$]*/y
const zone = /\s+time\s+zone\b/iy

/**
 * The statement with each name `at` in quotes: DuckDB's parser takes it for the beginning of `AT (VERSION …)`, where LIMIT, a comma
 * or an operator follows. Quoted it means the same. `AT TIME ZONE` stays. For statements that could not be parsed.
 */
export function withAtQuoted(sql: string): string {
  let quoted = ""
  let from = 0
  for (let at = 0; at < sql.length; ) {
    word.lastIndex = at
    const name = word.exec(sql)?.[0]
    if (name === undefined) {
      at = tokenEnd(sql, at)
      continue
    }
    const end = at + name.length
    zone.lastIndex = end
    if (/^at$/i.test(name) && !zone.test(sql)) {
      quoted += `${sql.slice(from, at)}"${name}"`
      from = end
    }
    at = end
  }
  return from === 0 ? sql : quoted + sql.slice(from)
}
