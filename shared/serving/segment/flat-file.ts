import type { ColumnChunk, KeyValue, SchemaElement } from "hyparquet"
import { ByteWriter, ParquetWriter } from "hyparquet-writer"
import type { ColumnBatch } from "../ingest/column.ts"
import { type Compress, type WrittenChunk, writeFlatChunk, writeOffsetChunk } from "./flat-chunk.ts"
import type { FlatVector } from "./plain-values.ts"

/** A file's first bytes' room, enough for most tails: it doubles as needed. */
const FIRST_BYTES = 64 * 1024

export interface FlatFile {
  /** The root, the columns, then the offsets. */
  readonly schema: readonly SchemaElement[]
  readonly batch: Pick<ColumnBatch, "offsets">
  readonly columns: readonly FlatVector[]
  readonly rowGroupRows: number
  readonly compress: Compress
  readonly metadata: readonly KeyValue[]
}

/** A file of columns without lists: our chunks under the library's footer. */
export function writeFlatFile(file: FlatFile): Uint8Array {
  const { batch, columns, rowGroupRows, compress, metadata } = file
  const [root, ...elements] = file.schema
  const writer = new ByteWriter(FIRST_BYTES)
  const parquet = new ParquetWriter({
    writer,
    schema: [root!, ...elements],
    codec: compress === undefined ? "UNCOMPRESSED" : "ZSTD",
    createdBy: "millrace",
    kvMetadata: [...metadata],
  })
  const rows = batch.offsets.length
  for (let start = 0; start < rows; start += rowGroupRows) {
    const end = Math.min(start + rowGroupRows, rows)
    const chunks: ColumnChunk[] = []
    const before = writer.offset
    const append = (written: WrittenChunk) => {
      chunks.push(placed(written, writer.offset))
      for (const piece of written.pieces) writer.appendBytes(piece)
    }
    for (const [index, column] of columns.entries()) {
      append(writeFlatChunk(elements[index]!, column, start, end, compress))
    }
    append(writeOffsetChunk(elements.at(-1)!, batch.offsets.subarray(start, end), compress))
    parquet.num_rows += BigInt(end - start)
    parquet.row_groups.push({
      columns: chunks,
      total_byte_size: chunks.reduce((sum, { meta_data }) => sum + meta_data!.total_uncompressed_size, 0n),
      num_rows: BigInt(end - start),
      total_compressed_size: BigInt(writer.offset - before),
    })
  }
  parquet.finish()
  return writer.getBytes()
}

/** A chunk's places in the file. */
function placed({ chunk }: WrittenChunk, offset: number): ColumnChunk {
  const at = BigInt(offset)
  const meta = chunk.meta_data!
  return {
    ...chunk,
    file_offset: at,
    meta_data: {
      ...meta,
      data_page_offset: meta.data_page_offset + at,
      ...(meta.dictionary_page_offset === undefined ? {} : { dictionary_page_offset: at }),
    },
  }
}
