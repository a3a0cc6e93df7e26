import { textTable } from "./text-table.ts"

/** A table as `GET /tables/{table}` shows it. */
export interface ShownTable {
  readonly table: {
    readonly name: string
    readonly owner: string
    readonly attached: boolean
    readonly rebuilding: boolean
    readonly schema_version: number
    readonly definition: {
      readonly from: string
      readonly columns: Readonly<Record<string, string | ColumnInFull>>
      readonly [option: string]: unknown
    }
  }
  readonly status: {
    readonly totals: Readonly<Record<string, number>>
    readonly faults: readonly (readonly [fault: string, count: number])[]
    readonly partitions: readonly PartitionState[]
  }
}

interface ColumnInFull {
  readonly type: string
  readonly list?: boolean
  readonly [option: string]: unknown
}

interface PartitionState {
  readonly partition: number
  readonly position: number
  readonly segments: number
  readonly drained: boolean
  /** The record before which it stopped, since the table refuses bad ones. */
  readonly refused?: { readonly offset: number; readonly why: string }
}

/** A table for a person: what it is, its columns, how far it is, and what it left out. */
export function tableText({ table, status }: ShownTable): string {
  const { from, columns, ...options } = table.definition
  const state = [
    table.attached ? [] : ["detached"],
    table.rebuilding ? ["another is built anew, to take its place"] : [],
  ].flat()
  const lines = [
    `table       ${table.name}${state.length === 0 ? "" : ` (${state.join(", ")})`}`,
    `owner       ${table.owner}`,
    `from        ${from}`,
    ...Object.entries(options).map(([option, value]) => `${option.padEnd(11)} ${valueText(value)}`),
    `counts      ${Object.entries(status.totals)
      .map(([what, count]) => `${count} ${what}`)
      .join(", ")}`,
  ]
  const parts = [
    `${lines.join("\n")}\n`,
    textTable(["column", "type", "more"], Object.entries(columns).map(columnRow), [false, false, false]),
    textTable(["partition", "position", "segments", "state"], status.partitions.map(partitionRow), [
      true,
      true,
      true,
      false,
    ]),
  ]
  if (status.faults.length > 0)
    parts.push(
      textTable(
        ["bad", "why"],
        status.faults.map(([why, count]) => [`${count}`, why]),
        [true, false],
      ),
    )
  return parts.join("\n")
}

function valueText(value: unknown): string {
  return typeof value === "string" ? value : JSON.stringify(value)
}

function columnRow([name, column]: [string, string | ColumnInFull]): string[] {
  if (typeof column === "string") return [name, column, ""]
  const { type, list, ...more } = column
  const told = Object.entries(more).map(([option, value]) => `${option} ${valueText(value)}`)
  return [name, list === true ? `${type}[]` : type, told.join(", ")]
}

function partitionRow({ partition, position, segments, drained, refused }: PartitionState): string[] {
  const stopped = refused === undefined ? "" : `refuses ${refused.offset}: ${refused.why}`
  return [`${partition}`, `${position}`, `${segments}`, drained ? "drained" : stopped]
}
