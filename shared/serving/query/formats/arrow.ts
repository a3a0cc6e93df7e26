import type { DataType } from "apache-arrow"
import type { SqlValue } from "../../types.ts"
import type { ResultTable } from "../reply.ts"

type Arrow = typeof import("apache-arrow")

/** What an Arrow builder takes. */
type Cell = null | boolean | number | bigint | string | Uint8Array | readonly Cell[]

interface ColumnForm {
  readonly type: DataType
  /** What the column is shown as: the library's builder of such instants takes milliseconds alone. */
  readonly shown?: DataType
  /** Never called with null. */
  readonly cell: (value: SqlValue) => Cell
}

/** Microseconds of `2001-01-14 21:30:05.25`. */
function micros(value: SqlValue): bigint {
  const [, moment = "", fraction = ""] = /^([^.]*)(?:\.(\d+))?$/.exec(String(value)) ?? []
  const ms = Date.parse(`${moment.replace(" ", "T")}Z`)
  return BigInt(ms) * 1000n + BigInt(fraction.padEnd(6, "0").slice(0, 6))
}

function bytes(value: SqlValue): Uint8Array {
  return Buffer.from(String(value), "hex")
}

/** BIG_DECIMAL and JSON are text, as in every other form of a reply; so are instants in lists. */
function formOf(type: string, arrow: Arrow): ColumnForm {
  if (type.endsWith("_ARRAY")) {
    const inner = formOf(type.replace("TIMESTAMP", "STRING").slice(0, -"_ARRAY".length), arrow)
    const item = (value: SqlValue): Cell => (value === null ? null : inner.cell(value))
    const list = new arrow.List(new arrow.Field("item", inner.type, true))
    return { type: list, cell: value => (Array.isArray(value) ? value.map(item) : [item(value)]) }
  }
  switch (type) {
    case "INT":
      return { type: new arrow.Int32(), cell: Number }
    case "LONG":
      return { type: new arrow.Int64(), cell: value => BigInt(value as number | bigint) }
    case "FLOAT":
      return { type: new arrow.Float32(), cell: Number }
    case "DOUBLE":
      return { type: new arrow.Float64(), cell: Number }
    case "BOOLEAN":
      return { type: new arrow.Bool(), cell: value => value === true }
    case "TIMESTAMP":
      return { type: new arrow.Int64(), shown: new arrow.TimestampMicrosecond("UTC"), cell: micros }
    case "BYTES":
      return { type: new arrow.Binary(), cell: bytes }
    default:
      return { type: new arrow.Utf8(), cell: String }
  }
}

/** Rows as an Arrow IPC stream of one record batch. The library is loaded when it is first asked for. */
export async function arrowOf({ dataSchema, rows }: ResultTable): Promise<Uint8Array> {
  const arrow = await import("apache-arrow")
  const forms = dataSchema.columnDataTypes.map(type => formOf(type, arrow))
  const children = forms.map(({ type, shown, cell }, at) => {
    const builder = arrow.makeBuilder({ type, nullValues: [null] })
    for (const row of rows) {
      const value = row[at] ?? null
      builder.append(value === null ? null : cell(value))
    }
    const data = builder.finish().flush()
    return shown === undefined ? data : data.clone(shown)
  })
  const names = dataSchema.columnNames
  const fields = forms.map(({ type, shown = type }, at) => new arrow.Field(names[at] ?? "", shown, true))
  const struct = arrow.makeData({
    type: new arrow.Struct(fields),
    length: rows.length,
    nullCount: 0,
    children,
  })
  const batch = new arrow.RecordBatch(new arrow.Schema(fields), struct)
  return arrow.RecordBatchStreamWriter.writeAll([batch]).toUint8Array(true)
}
