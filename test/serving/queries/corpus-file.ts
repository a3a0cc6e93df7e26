import { readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import type { SqlValue } from "../../../shared/serving/types.ts"
import type { Keeping } from "./oracle.ts"

/** A statement of the corpus, with what it must answer. */
export interface CorpusFile {
  readonly name: string
  readonly sql: string
  /** The path that it must take. */
  readonly engine: "direct" | "duckdb"
  /** Its rows come in an order of its own. */
  readonly ordered: boolean
  readonly rows: Readonly<Record<Keeping, readonly (readonly SqlValue[])[]>>
}

const folder = join(import.meta.dirname, "sql")

/** Reads `-- name`, `-- engine: …`, `-- ordered` where it is, the statement, and rows as comments. */
export function parseCorpusFile(text: string): CorpusFile {
  const [head = "", ...parts] = text.split(/^-- rows of /m)
  const name = /^-- (.*)$/m.exec(head)?.[1] ?? ""
  const engine = /^-- engine: (direct|duckdb)$/m.exec(head)?.[1] as CorpusFile["engine"]
  const rows = Object.fromEntries(
    parts.map(part => {
      const [keeping = "", ...lines] = part.trimEnd().split("\n")
      return [keeping, lines.map(line => JSON.parse(line.slice("-- ".length)))]
    }),
  )
  const sql = head.slice(head.indexOf("\n\n") + 2).trim()
  return {
    name,
    sql,
    engine,
    ordered: /^-- ordered$/m.test(head),
    rows: rows as unknown as CorpusFile["rows"],
  }
}

export function readCorpus(): readonly CorpusFile[] {
  return readdirSync(folder)
    .filter(file => file.endsWith(".sql"))
    .sort()
    .map(file => parseCorpusFile(readFileSync(join(folder, file), "utf8")))
}
