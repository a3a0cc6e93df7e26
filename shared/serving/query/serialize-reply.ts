import { arrowOf } from "./formats/arrow.ts"
import { cellWriter } from "./formats/cell-json.ts"
import { csvOf } from "./formats/csv.ts"
import { ndjsonOf } from "./formats/ndjson.ts"
import type { PinotReply, ResultTable } from "./reply.ts"

/** The forms in which an answer's rows can be had. */
export type ResultFormat = "json" | "csv" | "ndjson" | "arrow"

function writeTable({ dataSchema, rows }: ResultTable): string {
  const writers = dataSchema.columnDataTypes.map(cellWriter)
  let text = `{"dataSchema":${JSON.stringify(dataSchema)},"rows":[`
  for (let row = 0; row < rows.length; row++) {
    const values = rows[row]!
    text += row === 0 ? "[" : ",["
    for (let at = 0; at < values.length; at++) {
      if (at > 0) text += ","
      text += writers[at]?.(values[at]!) ?? "null"
    }
    text += "]"
  }
  return `${text}]}`
}

/** A reply as JSON: LONG as exact digits beyond 2^53 too. */
export function serializeReply({ resultTable, ...rest }: PinotReply): string {
  const fields = JSON.stringify(rest)
  return resultTable === undefined ? fields : `{"resultTable":${writeTable(resultTable)},${fields.slice(1)}`
}

/** An answer's rows alone. JSON is the whole reply. */
export async function serializeRows(
  reply: PinotReply & { readonly resultTable: ResultTable },
  format: ResultFormat,
): Promise<string | Uint8Array> {
  if (format === "csv") return csvOf(reply.resultTable)
  if (format === "ndjson") return ndjsonOf(reply.resultTable)
  return format === "arrow" ? await arrowOf(reply.resultTable) : serializeReply(reply)
}
