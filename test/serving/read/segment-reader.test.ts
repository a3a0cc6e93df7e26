import { expect, test } from "vitest"
import type { ColumnSpec } from "../../../shared/definition/table-spec.ts"
import { crc32c } from "../../../shared/log/records/index.ts"
import {
  ChunkStore,
  COALESCE_GAP_BYTES,
  newMeter,
  spansOf,
} from "../../../shared/serving/read/chunk-store.ts"
import { footerBytes, readFooter } from "../../../shared/serving/read/footer.ts"
import { FooterStore } from "../../../shared/serving/read/footer-store.ts"
import { RangedSegmentReader } from "../../../shared/serving/read/segment-reader.ts"
import { valueAt } from "../../../shared/serving/read/value-at.ts"
import { encodeParquet } from "../../../shared/serving/segment/parquet.ts"
import { segmentKey } from "../../../shared/serving/segment/segment-key.ts"
import type { PinnedSegment } from "../../../shared/serving/types.ts"
import { countingStores } from "../../../shared/storage/counting.ts"
import { memoryPorts } from "../../support/memory-ports.ts"
import { ingestValues } from "../batches.ts"

const columns: ColumnSpec[] = [
  { name: "id", type: "int" },
  { name: "text", type: "string" },
  { name: "note", type: "string" },
]

async function stored(options: { footer: boolean; damage?: (bytes: Uint8Array) => void }) {
  const ports = memoryPorts()
  const counting = countingStores(ports)
  const values = Array.from(
    { length: 20_000 },
    (_, id) => `{"id":${id},"text":"${Math.sin(id)} ${Math.cos(id)}","note":"n${id % 7}"}`,
  )
  const batch = ingestValues(columns, values)
  const identity = { tableId: "t1", partition: 0, schemaVersion: 1 }
  const bytes = encodeParquet(columns, batch, identity, { codec: "zstd", rowGroupRows: 8_192 })
  const footer = footerBytes(bytes)!
  const pointer = {
    base: 0,
    next: batch.next,
    id: "a",
    rows: batch.rows,
    sizeBytes: bytes.length,
    crc32c: crc32c(bytes),
    schemaVersion: 1,
    ...(options.footer ? { footer: { sizeBytes: footer.length, crc32c: crc32c(footer) } } : {}),
  }
  const file = bytes.slice()
  options.damage?.(file)
  await ports.objects.put(segmentKey("t1", 0, pointer), file, {})
  const segment: PinnedSegment = { tableId: "t1", partition: 0, pointer }
  const chunks = new ChunkStore({ ...ports, objects: counting.objects })
  const reader = new RangedSegmentReader(chunks, new FooterStore(chunks))
  return { segment, reader, bytes, counting, chunks }
}

test("columns and row groups that are asked for are read, and no others", async () => {
  const { segment, reader, bytes, counting } = await stored({ footer: true })
  const meter = newMeter()
  const [group] = await reader.readColumns(segment, ["id", "note", "none"], [1], meter)
  expect(group).toMatchObject({ index: 1, firstRow: 8_192, rows: 8_192 })
  expect([...group!.columns.keys()]).toEqual(["id", "note"])
  expect(valueAt(group!.columns.get("id")!, 5)).toBe(8_197)
  expect(valueAt(group!.columns.get("note")!, 5)).toBe("n0")
  const { groups, bytes: footerSize } = readFooter(footerBytes(bytes)!)
  const sizes = ["id", "note"].map(name => groups[1]!.chunks.get(name)!).map(({ start, end }) => end - start)
  expect(meter.rounds).toBe(2)
  expect(meter.requests).toBe(counting.calls.objectGet)
  expect(meter.bytesFetched).toBe(counting.bytes.objectsRead)
  expect(meter.bytesFetched).toBe(sizes[0]! + sizes[1]! + footerSize + 8)
  const again = newMeter()
  await reader.readColumns(segment, ["id"], undefined, again)
  expect(again.rounds).toBe(1)
})

test("a file whose footer nobody told the length of is read too", async () => {
  const { segment, reader } = await stored({ footer: false })
  const meter = newMeter()
  expect(await reader.shape(segment, meter)).toEqual({ rows: 20_000, groupRows: [8_192, 8_192, 3_616] })
})

test.each([
  ["a footer", (file: Uint8Array) => file.length - 200],
  ["a chunk", () => 2_000],
])("damage of %s is told", async (_, at) => {
  const { segment, reader } = await stored({
    footer: true,
    damage: file => {
      file[at(file)]! ^= 1
    },
  })
  await expect(reader.readColumns(segment, ["id", "text"], undefined, newMeter())).rejects.toMatchObject({
    code: "corrupt",
  })
})

test("a range that several ask for at once is read once", async () => {
  const { segment, chunks, counting } = await stored({ footer: true })
  const key = segmentKey("t1", 0, segment.pointer)
  const [a, b] = [newMeter(), newMeter()]
  const range = { key, start: 10, end: 30 }
  await Promise.all([chunks.read([range, range], a), chunks.read([range], b)])
  expect(counting.calls.objectGet).toBe(1)
  expect([a.rounds, b.rounds, b.bytesCached]).toEqual([1, 0, 20])
  await expect(chunks.read([{ key: "tab/none", start: 0, end: 1 }], a)).rejects.toMatchObject({
    code: "corrupt",
  })
  await chunks.read([range], a)
})

test("near ranges become one request, far ones and those of other objects do not", () => {
  const range = (key: string, start: number, end: number) => ({ key, start, end })
  const spans = spansOf([
    range("b", 0, 10),
    range("a", COALESCE_GAP_BYTES + 10, COALESCE_GAP_BYTES + 20),
    range("a", 0, 10),
    range("a", 3 * COALESCE_GAP_BYTES, 3 * COALESCE_GAP_BYTES + 1),
  ])
  expect(spans.map(({ key, start, end }) => [key, start, end])).toEqual([
    ["a", 0, COALESCE_GAP_BYTES + 20],
    ["a", 3 * COALESCE_GAP_BYTES, 3 * COALESCE_GAP_BYTES + 1],
    ["b", 0, 10],
  ])
})
