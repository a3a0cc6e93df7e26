import { Command } from "commander"
import { path, Server } from "../http.ts"
import { integer, reaching, type ServerOptions } from "../options.ts"
import { print, say } from "../output.ts"
import { textTable } from "../text-table.ts"

interface ListOptions extends ServerOptions {
  readonly partition?: number
  readonly json?: boolean
}

interface Segment {
  readonly id: string
  readonly base_offset: number
  readonly next_offset: number
  readonly rows: number
  readonly bytes: number
  readonly schema_version: number
  readonly level: number
  readonly time_min?: number
  readonly time_max?: number
}

interface Segments {
  readonly partitions: readonly {
    readonly partition: number
    readonly position: number
    readonly segments: readonly Segment[]
  }[]
  readonly left_off?: number
}

interface ShownSegment extends Segment {
  readonly partition: number
  readonly columns: Readonly<Record<string, { readonly min: unknown; readonly max: unknown }>>
  readonly indexes: readonly { readonly column: string; readonly kind: string; readonly bytes: number }[]
  readonly rollups: readonly {
    readonly rollup: string
    readonly dimensions: readonly number[]
    readonly rows: number
    readonly bytes: number
  }[]
}

const timeText = (epochMs: number | undefined) =>
  epochMs === undefined ? "" : new Date(epochMs).toISOString()

async function list(table: string, { partition, json, ...options }: ListOptions): Promise<void> {
  const one = partition === undefined ? "" : `?partition=${partition}`
  const found = await new Server(options).json<Segments>(path`/tables/${table}/segments` + one)
  if (json) return await print(`${JSON.stringify(found)}\n`)
  const rows = found.partitions.flatMap(({ partition: at, segments }) =>
    segments.map(segment => [
      `${at}`,
      segment.id,
      `${segment.base_offset}`,
      `${segment.next_offset}`,
      `${segment.rows}`,
      `${segment.bytes}`,
      `${segment.level}`,
      timeText(segment.time_min),
      timeText(segment.time_max),
    ]),
  )
  const names = ["partition", "segment", "from", "to", "rows", "bytes", "merged", "earliest", "latest"]
  await print(textTable(names, rows, [true, false, true, true, true, true, true, false, false]))
  if (found.left_off !== undefined) say(`${found.left_off} more: ask by --partition.`)
}

async function show(
  table: string,
  id: string,
  { json, ...options }: ServerOptions & { json?: boolean },
): Promise<void> {
  const segment = await new Server(options).json<ShownSegment>(path`/tables/${table}/segments/${id}`)
  if (json) return await print(`${JSON.stringify(segment)}\n`)
  const { columns, indexes, rollups, ...figures } = segment
  const lines = Object.entries(figures).map(([name, value]) => `${name.padEnd(14)} ${value}\n`)
  const cell = (value: unknown) => (typeof value === "string" ? value : JSON.stringify(value))
  const zones = Object.entries(columns).map(([name, { min, max }]) => [name, cell(min), cell(max)])
  const blobs = indexes.map(({ column, kind, bytes }) => [column === "" ? "(all)" : column, kind, `${bytes}`])
  const levels = rollups.map(({ rollup, dimensions, rows, bytes }) => [
    rollup,
    dimensions.join(" "),
    `${rows}`,
    `${bytes}`,
  ])
  const parts = [lines.join("")]
  if (zones.length > 0) parts.push(textTable(["column", "least", "greatest"], zones, [false, false, false]))
  if (blobs.length > 0) parts.push(textTable(["column", "index", "bytes"], blobs, [false, false, true]))
  if (levels.length > 0)
    parts.push(textTable(["rollup", "dimensions", "rows", "bytes"], levels, [false, false, true, true]))
  await print(parts.join("\n"))
}

const json = ["--json", "print JSON"] as const
/** As many partitions as a topic can have. */
const PARTITION_MAX = 9_999

export function segmentsCommand(): Command {
  const segments = new Command("segments").description("See what a table's rows are stored in.")
  reaching(segments.command("list"))
    .description("Print a table's segments in the order of their offsets.")
    .argument("<table>")
    .option("--partition <number>", "of one partition", integer(0, PARTITION_MAX))
    .option(...json)
    .action(list)
  reaching(segments.command("show"))
    .description("Print one segment, and what is kept beside it.")
    .argument("<table>")
    .argument("<segment>")
    .option(...json)
    .action(show)
  return segments
}
