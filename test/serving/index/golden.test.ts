import { readFileSync } from "node:fs"
import { join } from "node:path"
import { expect, test } from "vitest"
import type { TableSpec } from "../../../shared/definition/table-spec.ts"
import { mayHold } from "../../../shared/serving/index/bloom.ts"
import { buildIndexes } from "../../../shared/serving/index/build.ts"
import { readDirectory } from "../../../shared/serving/index/sidecar.ts"
import { ValueBlocks } from "../../../shared/serving/index/value-blocks.ts"
import { checkedBlob } from "../../../shared/serving/read/footer-store.ts"
import { ingestValues } from "../batches.ts"

const golden = join(import.meta.dirname, "../../golden/serving/sidecar-v1.bin")

const spec: TableSpec = {
  name: "events",
  topic: "events",
  columns: [
    { name: "k", type: "string" },
    { name: "n", type: "long" },
  ],
  indexes: { k: ["bloom", "inverted"], n: ["range"] },
}

function built() {
  const values = [
    { k: "a", n: 1 },
    { k: "ä", n: null },
    { k: null, n: -7 },
    { k: "a", n: 3 },
  ]
  const batch = ingestValues(
    spec.columns,
    values.map(value => JSON.stringify(value)),
  )
  const identity = { tableId: "t1", partition: 3, schemaVersion: 2 }
  return buildIndexes(spec.columns, batch, spec, identity, Uint8Array.of(1, 2, 3))
}

test("a sidecar of version 1 is still made, and read, byte by byte", () => {
  const { sidecar, zones } = built()
  const bytes = new Uint8Array(readFileSync(golden))
  // What zstd makes of the footer may change with its version.
  const indexBytes = bytes.length - sidecar!.directoryBytes
  expect(sidecar!.bytes.subarray(0, indexBytes)).toEqual(bytes.subarray(0, indexBytes))
  expect(zones).toEqual({ k: ["a", "ä", 1], n: [-7, 3, 1] })
  const directory = readDirectory(bytes)
  expect(directory).toMatchObject({ v: 1, tableId: "t1", partition: 3, schemaVersion: 2, rows: 4 })
  const blob = (column: string, kind: string) => {
    const [, , start, size] = directory.blobs.find(([name, of]) => name === column && of === kind)!
    return checkedBlob(bytes.subarray(start, start + size))
  }
  const rows = (column: string, kind: string, low: string | number) => [
    ...new ValueBlocks(blob(column, kind)).rowsIn([{ low }]).rows.rowsBetween(0, 4),
  ]
  expect(rows("k", "inverted", "b")).toEqual([1])
  expect(rows("n", "range", 1)).toEqual([0, 3])
  expect([mayHold(blob("k", "bloom"), "a"), mayHold(blob("k", "bloom"), "x")]).toEqual([true, false])
})

test("a table that asks for no index has nothing beside its segments", () => {
  const batch = ingestValues(spec.columns, ['{"k":"a","n":1}'])
  const identity = { tableId: "t1", partition: 3, schemaVersion: 2 }
  expect(buildIndexes(spec.columns, batch, {}, identity, new Uint8Array(9))).toEqual({ zones: {} })
})
