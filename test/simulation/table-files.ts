import { zstdDecompressSync } from "node:zlib"
import { parquetReadObjects } from "hyparquet"
import type { TruthRow } from "./table-truth.ts"

/** What a Parquet file of a table holds. */
export interface DecodedFile {
  readonly columns: readonly string[]
  readonly offsets: readonly number[]
  readonly ids: readonly (number | null)[]
  /** Epoch ms. */
  readonly ats: readonly number[]
  /** Undefined: the file has no such column. */
  readonly xs: readonly (string | null)[] | undefined
}

/** Decodes files once each. A file's id names its bytes for ever: other bytes under the same id are a fault. */
export class FileDecoder {
  readonly #sorted: boolean
  readonly #decoded = new Map<string, { bytes: Uint8Array; file: Promise<DecodedFile> }>()

  /** @param sorted rows lie in another order than their offsets', and are put into that */
  constructor(sorted: boolean) {
    this.#sorted = sorted
  }

  decode(id: string, bytes: Uint8Array): Promise<DecodedFile> {
    const known = this.#decoded.get(id)
    if (known === undefined) {
      const file = decode(bytes, this.#sorted)
      this.#decoded.set(id, { bytes, file })
      return file
    }
    if (known.bytes !== bytes && Buffer.compare(known.bytes, bytes) !== 0) {
      throw new Error(`${id} has had other bytes before`)
    }
    return known.file
  }
}

async function decode(bytes: Uint8Array, sorted: boolean): Promise<DecodedFile> {
  const file = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length) as ArrayBuffer
  const rows = await parquetReadObjects({
    file,
    compressors: { ZSTD: input => new Uint8Array(zstdDecompressSync(input)) },
  })
  if (sorted) rows.sort((a, b) => Number(a.$offset) - Number(b.$offset))
  return {
    columns: Object.keys(rows[0] ?? {}),
    offsets: rows.map(row => Number(row.$offset)),
    ids: rows.map(row => (row.id === null ? null : Number(row.id))),
    ats: rows.map(row => Number(row.at)),
    xs: rows[0] !== undefined && "x" in rows[0] ? rows.map(row => row.x as string | null) : undefined,
  }
}

/**
 * What is wrong with a file's rows, each of which should be the one of `expected` at its offset.
 * @param addedFrom offset from which rows must have the added column's value
 */
export function compareRows(
  file: DecodedFile,
  expected: ReadonlyMap<number, TruthRow>,
  addedFrom: number,
): string | undefined {
  for (let at = 0; at < file.offsets.length; at++) {
    const offset = file.offsets[at]!
    if (at > 0 && offset <= file.offsets[at - 1]!) return `offset ${offset} after ${file.offsets[at - 1]}`
    const row = expected.get(offset)
    const got = `id ${file.ids[at]}, x ${file.xs?.[at]}`
    if (row === undefined || row.id !== file.ids[at] || row.at !== file.ats[at]) {
      return `offset ${offset}: expected ${row ? `id ${row.id}, at ${row.at}` : "nothing"}, got ${got}`
    }
    const x = file.xs?.[at] ?? null
    if (x !== row.x && (x !== null || offset >= addedFrom))
      return `offset ${offset}: expected x ${row.x}, got ${got}`
  }
  return undefined
}
