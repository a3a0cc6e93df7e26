import { createReadStream } from "node:fs"
import { createInterface } from "node:readline"
import { asyncBufferFromFile, parquetReadObjects } from "hyparquet"

export type FileFormat = "ndjson" | "csv" | "parquet"

/** A file that does not hold what it should. The message begins with its place: `flights.csv:12: …`. */
export class FileRowsError extends Error {
  override readonly name = "FileRowsError"
}

/** The rows of a file, each as JSON text. Throws `FileRowsError`. */
export async function* fileRows(path: string, format: FileFormat): AsyncGenerator<string> {
  try {
    if (format === "ndjson") yield* ndjsonRows(path)
    else if (format === "csv") yield* csvRows(path)
    else yield* parquetRows(path)
  } catch (error) {
    if (error instanceof FileRowsError) throw error
    throw new FileRowsError(`${path}: ${(error as Error).message}`, { cause: error })
  }
}

function linesOf(path: string): AsyncIterable<string> {
  return createInterface({ input: createReadStream(path, "utf8"), crlfDelay: Number.POSITIVE_INFINITY })
}

async function* ndjsonRows(path: string): AsyncGenerator<string> {
  let at = 0
  for await (const line of linesOf(path)) {
    at++
    if (line.trim() === "") continue
    try {
      JSON.parse(line)
    } catch (cause) {
      throw new FileRowsError(`${path}:${at}: expected a JSON value: ${(cause as Error).message}`, { cause })
    }
    yield line
  }
}

/** CSV as RFC 4180 has it, with a header line; every field is text. */
async function* csvRows(path: string): AsyncGenerator<string> {
  let names: readonly string[] | undefined
  let open = ""
  let at = 0
  for await (const line of linesOf(path)) {
    at++
    const text = open === "" ? line : `${open}\n${line}`
    // An odd number of quotes: a quoted field goes on in the next line.
    if ((text.split('"').length - 1) % 2 === 1) {
      open = text
      continue
    }
    open = ""
    if (text === "") continue
    const fields = csvFields(text)
    if (names === undefined) {
      names = fields
      continue
    }
    if (fields.length !== names.length) {
      throw new FileRowsError(`${path}:${at}: expected ${names.length} fields, found ${fields.length}`)
    }
    yield JSON.stringify(Object.fromEntries(names.map((name, index) => [name, fields[index]])))
  }
  if (open !== "") throw new FileRowsError(`${path}: a quoted field does not end`)
}

function csvFields(line: string): readonly string[] {
  const fields = line.match(/(?<=^|,)(?:"(?:[^"]|"")*"|[^,]*)(?=,|$)/g) ?? []
  return fields.map(field => (field.startsWith('"') ? field.slice(1, -1).replaceAll('""', '"') : field))
}

async function* parquetRows(path: string): AsyncGenerator<string> {
  const file = await asyncBufferFromFile(path)
  for (const row of await parquetReadObjects({ file })) yield JSON.stringify(row, exactly)
}

/** Whole numbers beyond what JSON's readers take exactly are told as text. */
function exactly(_name: string, value: unknown): unknown {
  if (typeof value !== "bigint") return value
  const number = Number(value)
  return Number.isSafeInteger(number) ? number : String(value)
}
