import { readFileSync } from "node:fs"
import { join } from "node:path"
import fc from "fast-check"
import { expect, test } from "vitest"
import { decodeManifest, encodeManifest } from "../../../shared/serving/manifest/format.ts"
import {
  addFaults,
  FAULTS_KEPT,
  type Manifest,
  newManifest,
} from "../../../shared/serving/manifest/manifest.ts"
import {
  commitManifest,
  createManifest,
  readManifest,
  readManifests,
} from "../../../shared/serving/manifest/manifest-store.ts"
import {
  applySpill,
  decodeList,
  encodeList,
  LIST_SEGMENTS_MAX,
  MANIFEST_BYTES_STEADY,
  planSpill,
} from "../../../shared/serving/manifest/segment-list.ts"
import { listKey, type SegmentPointer, segmentKey } from "../../../shared/serving/segment/segment-key.ts"
import { decodeTable, encodeTable, type TableInfo } from "../../../shared/serving/tables/table-item.ts"
import { itemBytes } from "../../../shared/storage/item-size.ts"
import type { Item } from "../../../shared/storage/meta-store.ts"
import { notAfter } from "../../../shared/storage/not-after.ts"
import { memoryPorts } from "../../support/memory-ports.ts"

// Golden files: what version 1 of each stored format looks like, for as long as it may lie in somebody's bucket.
const golden = JSON.parse(
  readFileSync(join(import.meta.dirname, "../../golden/serving/formats-v1.json"), "utf8"),
)

const pointer = (base: number, next: number): SegmentPointer => ({
  base,
  next,
  id: "0123456789abcdef0123456789abcdef",
  rows: next - base,
  sizeBytes: 2 ** 40,
  crc32c: 2 ** 32 - 1,
  schemaVersion: 2,
  timeMin: -1,
  timeMax: 1_767_225_600_123,
})
const { timeMin: _min, timeMax: _max, ...timeless } = pointer(40, 50)

const manifest: Manifest = {
  tableId: "aaaabbbbccccddddaaaabbbbccccdddd",
  partition: 9_999,
  version: "fedcba9876543210fedcba9876543210",
  position: 2 ** 53 - 1,
  timeMax: -5,
  freshAt: 1_767_225_600_123,
  flushedAt: 1_767_225_600_124,
  closed: true,
  drained: false,
  gaps: [{ base: 0, next: 10 }],
  totals: { records: 9, rows: 8, filtered: 1, skipped: 2, nulled: 3 },
  faults: [
    ["delay: text is not a number", 3],
    ["value is not JSON", 2],
  ],
  lists: [{ base: 10, next: 40, id: "11112222333344441111222233334444", segments: 3, rows: 30 }],
  segments: [timeless, pointer(50, 2 ** 53 - 1)],
  vectors: [],
  runs: [],
  purges: [],
}

const manifest2: Manifest = {
  ...manifest,
  vectors: [{ id: "v1", sizeBytes: 9, crc32c: 8, base: 3, next: 7, offsets: 2 }],
  runs: [{ id: "r1", sizeBytes: 90, crc32c: 80, directoryBytes: 12, entries: 2, level: 1 }],
  compareMax: -1.5,
  purges: [{ id: "p1", where: "member = 7", end: 12, done: 3 }],
  cutBefore: -7,
  segments: [
    {
      ...pointer(50, 60),
      level: 2,
      sidecar: { id: "s1", sizeBytes: 100, crc32c: 1, directoryBytes: 40 },
      rollups: [{ rollup: "r", id: "l1", sizeBytes: 5, crc32c: 6, dimensions: [0, 2], rows: 7 }],
      zones: { delay: [-3, 8, 1], origin: ["A", null, 0] },
    },
  ],
}

const table: TableInfo = {
  id: "aaaabbbbccccddddaaaabbbbccccdddd",
  owner: "app:flights",
  attached: false,
  state: "open",
  topicId: "11112222333344441111222233334444",
  partitions: 2,
  spec: { name: "flights", topic: "flights", columns: [{ name: "delay", type: "int" }], where: "delay > 0" },
  hidden: ["delay"],
  schemas: [[{ name: "delay", type: "int" }]],
  stops: [7, 9],
  created: 1_767_225_600_123,
  version: "fedcba9876543210fedcba9876543210",
}

test("stored formats stay what they are", () => {
  const list = [pointer(10, 20), timeless]
  expect({
    manifest: encodeManifest(manifest),
    empty: encodeManifest(newManifest("t", 0, "v", 5)),
    table: encodeTable(table),
    list: Buffer.from(encodeList(list)).toString(),
    keys: [segmentKey("t", 3, pointer(10, 20)), listKey("t", 3, manifest.lists[0]!)],
  }).toEqual(golden)
  expect(decodeManifest(manifest.tableId, golden.manifest)).toEqual(manifest)
  expect(decodeManifest("t", golden.empty)).toEqual(newManifest("t", 0, "v", 5))
  expect(decodeTable(golden.table)).toEqual(table)
  expect(decodeList(Buffer.from(golden.list))).toEqual(list)
})

const golden2 = JSON.parse(
  readFileSync(join(import.meta.dirname, "../../golden/serving/formats-v2.json"), "utf8"),
)

test("what only version 2 can say is written as version 2", () => {
  expect({
    manifest: encodeManifest(manifest2),
    list: Buffer.from(encodeList(manifest2.segments)).toString(),
  }).toEqual(golden2)
  expect(decodeManifest(manifest2.tableId, golden2.manifest)).toEqual(manifest2)
  expect(decodeList(Buffer.from(golden2.list))).toEqual(manifest2.segments)
})

test.each<[string, () => unknown]>([
  ["manifest", () => decodeManifest("t", changed(golden.manifest, { v: 3 }))],
  ["table", () => decodeTable(changed(golden.table, { v: 9 }))],
  ["list", () => decodeList(Buffer.from('{"v":3,"segments":[]}'))],
])("a %s of an unknown format is refused", (_, decode) => {
  expect(decode).toThrow(expect.objectContaining({ name: "StorageError", code: "unknown_format" }))
})

test.each<[string, () => unknown]>([
  ["position", () => decodeManifest("t", changed(golden.manifest, { position: -1 }))],
  [
    "segments",
    () => decodeManifest("t", changed(golden.manifest, { segments: '[[5,4,"x",1,1,1,null,null]]' })),
  ],
  ["lists", () => decodeManifest("t", changed(golden.manifest, { lists: "{" }))],
  ["purge", () => decodeManifest("t", changed(golden.manifest, { purges: "[1]" }))],
  ["vector", () => decodeManifest("t", changed(golden.manifest, { vectors: '[["v",1]]' }))],
  ["list", () => decodeList(Buffer.from("["))],
])("a damaged %s is refused", (_, decode) => {
  expect(decode).toThrow(expect.objectContaining({ name: "StorageError", code: "corrupt" }))
})

function changed(item: Item, fields: Item["fields"]): Item {
  return { ...item, fields: { ...item.fields, ...fields } }
}

test("however many segments are added, the item stays small and every list within its bound", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 3_000 }), count => {
      let current = newManifest("aaaabbbbccccddddaaaabbbbccccdddd", 7, "v".repeat(32), 0)
      const lists = new Map<string, readonly SegmentPointer[]>()
      for (let at = 0; at < count; at++) {
        current = { ...current, segments: [...current.segments, pointer(at, at + 1)] }
        const spill = planSpill(current)
        if (spill === undefined) continue
        const older = spill.replaced === undefined ? [] : lists.get(spill.replaced.id)!
        current = applySpill(current, spill, `list-${at}`)
        lists.set(`list-${at}`, [...older, ...spill.segments])
      }
      const all = [...current.lists.flatMap(({ id }) => lists.get(id)!), ...current.segments]
      expect(all.map(({ base }) => base)).toEqual(Array.from({ length: count }, (_, at) => at))
      expect(itemBytes(encodeManifest(current))).toBeLessThanOrEqual(MANIFEST_BYTES_STEADY)
      for (const { id, segments } of current.lists) {
        expect(lists.get(id)).toHaveLength(segments)
        expect(segments).toBeLessThanOrEqual(LIST_SEGMENTS_MAX)
      }
      expect(current.lists.length).toBeLessThanOrEqual(1 + Math.ceil(count / (LIST_SEGMENTS_MAX - 40)))
    }),
    { numRuns: 10 },
  )
})

test("of two writers that began from one manifest, one commits", async () => {
  const ports = memoryPorts()
  const first = newManifest("t", 1, "v1", 0)
  const deadline = Number.MAX_SAFE_INTEGER
  expect(await createManifest(ports, first, deadline)).toBe("there")
  expect(await createManifest(ports, { ...first, version: "other" }, deadline)).toBe("there")
  expect(await commitManifest(ports, first, { ...first, version: "v2", position: 5 }, deadline)).toBe(
    "committed",
  )
  expect(await commitManifest(ports, first, { ...first, version: "v3", position: 9 }, deadline)).toBe("lost")
  expect((await readManifest(ports, "t", 1)).manifest).toMatchObject({ version: "v2", position: 5 })
  await createManifest(ports, newManifest("t", 10, "w", 0), deadline)
  expect((await readManifests(ports, "t")).manifests.map(({ partition }) => partition)).toEqual([1, 10])
})

test("a manifest is not written past its time", async () => {
  const ports = memoryPorts()
  const first = newManifest("t", 0, "v1", 0)
  const { date } = await readManifests(ports, "t")
  await createManifest(ports, first, notAfter(date))
  ports.advance(31 * 60_000)
  expect(await commitManifest(ports, first, { ...first, version: "v2" }, notAfter(date))).toBe("lost")
  expect((await readManifest(ports, "t", 0)).manifest?.version).toBe("v1")
})

test.each<[number, number[], number]>([
  [0, [], 30 * 60_000],
  [0, [60_000], 6 * 60_000],
  [0, [29 * 60_000], 30 * 60_000],
  [0, [120_000, 60_000], 6 * 60_000],
])("a write after reads at %i and uploads at %j may apply until %i", (read, uploads, expected) => {
  expect(notAfter(read, uploads)).toBe(expected)
})

test("of many reasons the most frequent stay", () => {
  const many = Array.from({ length: 20 }, (_, i) => [`reason ${i}`, i + 1] as const)
  const kept = addFaults(many.slice(0, 10), [...many.slice(10), ["reason 0", 100]])
  expect(kept).toHaveLength(FAULTS_KEPT)
  expect(kept.slice(0, 3)).toEqual([
    ["reason 0", 101],
    ["reason 19", 20],
    ["reason 18", 19],
  ])
})
