import { cellWriter } from "./formats/cell-json.ts"
import type { PinotReply, ResultTable } from "./reply.ts"

/*
 * A kept answer, object `res/<id>`: "MRR1" · length of the header, uint32 little-endian · header, JSON · rows, each as one
 * line of JSON, in chunks one after the other.
 */
const MAGIC = "MRR1"

/** One request reads the header of all but the largest answers, with the first rows. */
export const HEADER_READ_BYTES = 256 * 1024

/** Lines of one chunk: what a page reads too much of. */
const CHUNK_ROWS = 1_000
const CHUNK_BYTES = 256 * 1024

/** Bytes before the header. */
const PREFIX_BYTES = 8

export interface ResultChunk {
  readonly firstRow: number
  readonly rows: number
  /** From the end of the header. */
  readonly start: number
  readonly bytes: number
}

export interface ResultHeader {
  readonly v: 1
  /** Who asked, and may read. */
  readonly owner: string
  /** Store time, epoch ms. */
  readonly written: number
  readonly expires: number
  readonly rows: number
  readonly bytes: number
  readonly dataSchema: ResultTable["dataSchema"]
  /** The reply without its rows. */
  readonly reply: Omit<PinotReply, "resultTable">
  readonly chunks: readonly ResultChunk[]
}

/**
 * An answer as it is kept, in pieces.
 * @param breathe lets other work of the process run between two chunks: a large answer takes a second
 */
export async function encodeResult(
  table: ResultTable,
  header: Omit<ResultHeader, "v" | "rows" | "bytes" | "dataSchema" | "chunks">,
  breathe: () => Promise<void>,
): Promise<Uint8Array[]> {
  const writers = table.dataSchema.columnDataTypes.map(cellWriter)
  const pieces: Uint8Array[] = []
  const chunks: ResultChunk[] = []
  let lines: string[] = []
  let chars = 0
  let start = 0
  const close = (next: number): void => {
    if (lines.length === 0) return
    const body = Buffer.from(`${lines.join("\n")}\n`)
    pieces.push(body)
    chunks.push({ firstRow: next - lines.length, rows: lines.length, start, bytes: body.length })
    start += body.length
    lines = []
    chars = 0
  }
  for (const [at, row] of table.rows.entries()) {
    const line = `[${row.map((value, column) => writers[column]?.(value) ?? "null").join(",")}]`
    lines.push(line)
    chars += line.length
    if (lines.length < CHUNK_ROWS && chars < CHUNK_BYTES) continue
    close(at + 1)
    await breathe()
  }
  close(table.rows.length)
  const { dataSchema } = table
  const whole: ResultHeader = { v: 1, rows: table.rows.length, bytes: start, dataSchema, chunks, ...header }
  const text = Buffer.from(JSON.stringify(whole))
  const prefix = Buffer.alloc(PREFIX_BYTES)
  prefix.write(MAGIC, "latin1")
  prefix.writeUInt32LE(text.length, MAGIC.length)
  return [prefix, text, ...pieces]
}

/** Bytes of the object before its rows, or why it is none. */
export function rowsStart(head: Uint8Array): number | undefined {
  const bytes = Buffer.from(head.buffer, head.byteOffset, head.byteLength)
  if (bytes.length < PREFIX_BYTES || bytes.toString("latin1", 0, MAGIC.length) !== MAGIC) return undefined
  return PREFIX_BYTES + bytes.readUInt32LE(MAGIC.length)
}

/** @param head at least `rowsStart` bytes of the object */
export function decodeHeader(head: Uint8Array, start: number): ResultHeader | undefined {
  const header: ResultHeader = JSON.parse(Buffer.from(head.subarray(PREFIX_BYTES, start)).toString())
  return header.v === 1 ? header : undefined
}
