import { CHUNK, type Chunk, FILE, type Footer, GROUP, META, type RowGroup, withFooter } from "./footer.ts"
import {
  encodeThrift,
  structOf,
  structsOf,
  THRIFT,
  type ThriftField,
  type ThriftList,
  type ThriftStruct,
  withField,
} from "./thrift.ts"

/** Bytes that open every Parquet file. */
const MARK = Uint8Array.of(0x50, 0x41, 0x52, 0x31)
const SCHEMA_CHILDREN = 5
const COLUMN_ORDERS = 7

/** A smaller file: some columns and row groups of another, their bytes as they are, under a footer of its own. */
export interface MiniParquet {
  /** The chunks to read from the other file, in the order in which they stand here. */
  readonly chunks: readonly Chunk[]
  readonly rows: number
  readonly sizeBytes: number
  /** @param bodies of `chunks` */
  join(bodies: readonly Uint8Array[]): Uint8Array
}

/**
 * Plans a smaller file. What points elsewhere (page indexes, bloom filters, checksums) is left out of its footer. Pure.
 * @param columns those that the file lacks are passed over
 * @param rowGroups indexes, ascending
 */
export function planMini(
  footer: Footer,
  columns: ReadonlySet<string>,
  rowGroups: readonly number[],
): MiniParquet {
  const kept = footer.leaves.flatMap((leaf, at) => (columns.has(leaf.column) ? [at] : []))
  const chunks: Chunk[] = []
  let place = MARK.length
  const groups = structsOf(footer.struct, FILE.groups)
  const made = rowGroups.map(index => {
    const group = footer.groups[index]!
    const start = place
    const structs = kept.map(at => {
      const chunk = group.chunks.get(footer.leaves[at]!.column)!
      chunks.push(chunk)
      const moved = movedChunk(structsOf(groups[index]!, GROUP.columns)[at]!, place - chunk.start)
      place += chunk.end - chunk.start
      return moved
    })
    return movedGroup(groups[index]!, structs, start, place - start)
  })
  const rows = rowGroups.reduce((sum, index) => sum + rowsOf(footer.groups[index]), 0)
  const struct = fileStruct(footer, kept, made, rows)
  return {
    chunks,
    rows,
    sizeBytes: place + encodeThrift(struct).length + 8,
    join: bodies => withFooter([MARK, ...bodies], struct),
  }
}

const rowsOf = (group: RowGroup | undefined) => group?.rows ?? 0
const integer = (id: number, value: number): ThriftField => ({ id, type: THRIFT.I64, value })
const listOf = (id: number, items: readonly ThriftStruct[]): ThriftField => ({
  id,
  type: THRIFT.LIST,
  value: { of: THRIFT.STRUCT, items } satisfies ThriftList,
})

function movedChunk(column: ThriftStruct, by: number): ThriftStruct {
  const dropped: readonly number[] = [META.indexAt, META.bloomAt, META.bloomBytes]
  const moved: readonly number[] = [META.dataAt, META.dictionaryAt]
  const meta = (structOf(column, CHUNK.meta) ?? [])
    .filter(({ id }) => !dropped.includes(id))
    .map(field =>
      moved.includes(field.id) && field.value !== 0 ? integer(field.id, Number(field.value) + by) : field,
    )
  return column.flatMap((field): ThriftStruct => {
    if (field.id === CHUNK.meta) return [{ ...field, value: meta }]
    if (field.id === CHUNK.fileOffset) return [integer(field.id, Number(field.value) + by)]
    return []
  })
}

function movedGroup(
  group: ThriftStruct,
  columns: readonly ThriftStruct[],
  start: number,
  compressed: number,
): ThriftStruct {
  const raw = columns.reduce((sum, column) => {
    const meta = structOf(column, CHUNK.meta) ?? []
    return sum + Number(meta.find(({ id }) => id === META.uncompressedBytes)?.value ?? 0)
  }, 0)
  const rows = group.find(({ id }) => id === GROUP.rows)!
  return [
    listOf(GROUP.columns, columns),
    integer(GROUP.bytes, raw),
    rows,
    integer(GROUP.fileOffset, start),
    integer(GROUP.compressedBytes, compressed),
  ]
}

function fileStruct(
  footer: Footer,
  kept: readonly number[],
  groups: readonly ThriftStruct[],
  rows: number,
): ThriftStruct {
  const elements = structsOf(footer.struct, FILE.schema)
  const root = withField(elements[0]!, { id: SCHEMA_CHILDREN, type: THRIFT.I32, value: kept.length })
  const schema = kept.flatMap(at => elements.slice(footer.leaves[at]!.first, footer.leaves[at]!.end))
  const orders = structsOf(footer.struct, COLUMN_ORDERS)
  return footer.struct.flatMap((field): ThriftStruct => {
    switch (field.id) {
      case FILE.schema:
        return [listOf(field.id, [root, ...schema])]
      case FILE.rows:
        return [integer(field.id, rows)]
      case FILE.groups:
        return [listOf(field.id, groups)]
      case FILE.keyValues:
        return []
      case COLUMN_ORDERS:
        return [
          listOf(
            field.id,
            kept.map(at => orders[at]!),
          ),
        ]
      default:
        return [field]
    }
  })
}
