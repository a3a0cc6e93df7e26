import { mkdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs"
import { dirname, join } from "node:path"
import fc from "fast-check"
import { describe, expect, test } from "vitest"
import { decodeItem, encodeItem } from "../../shared/storage/local/item-codec.ts"
import { decodeSortKey, encodeKey } from "../../shared/storage/local/item-key.ts"
import { openLocalStores } from "../../shared/storage/local/local-stores.ts"
import { bytes, temporaryFolder } from "./support.ts"

const KEY = { pk: "topic é", sk: "s#00000000000000000007" }
const FIELDS = { v: 1, text: "漢", half: 0.5, big: 2 ** 53 - 1, yes: true, x: Uint8Array.of(0, 255) }

/** As the first release stores them. They must be readable for ever. */
const GOLDEN = {
  key: "0008746f70696320c3a973233030303030303030303030303030303030303037",
  item: "9301a376657286a17601a474657874a3e6bca2a468616c66ca3f000000a3626967cb433fffffffffffffa3796573c3a178c40200ff",
}

describe("stored forms of the local backend", () => {
  test("an item and its key are stored as ever", () => {
    const item = { ...KEY, version: "ver", fields: FIELDS }
    expect(decodeItem(KEY, Buffer.from(GOLDEN.item, "hex"))).toEqual(item)
    expect(encodeKey(KEY).toString("hex")).toBe(GOLDEN.key)
    expect(decodeItem(KEY, encodeItem(item))).toEqual(item)
  })

  test("any well-formed key comes back", () => {
    const text = fc.string({ unit: "binary", minLength: 1 })
    fc.assert(fc.property(text, text, (pk, sk) => decodeSortKey(encodeKey({ pk, sk })) === sk))
  })

  test("bytes that are no item are told as corrupt", () => {
    for (const wrong of ["c1", "01", "9301", "9301a17601", "93"]) {
      expect(() => decodeItem(KEY, Buffer.from(wrong, "hex"))).toThrow(
        expect.objectContaining({ code: expect.stringMatching(/corrupt|unknown_format/) }),
      )
    }
  })

  test("an object is a file whose folders end in +; what lies in incoming goes at the next start", async () => {
    const folder = temporaryFolder()
    await (await openLocalStores(folder)).close()
    const path = join(folder, "objects", "wal+", "a+", "key-1")
    mkdirSync(dirname(path), { recursive: true })
    writeFileSync(path, bytes(10))
    writeFileSync(join(folder, "incoming", "0"), "half a")
    const stores = await openLocalStores(folder)
    expect((await stores.objects.get("wal/a/key-1"))?.body).toEqual(bytes(10))
    expect(await stores.objects.put("0", bytes(3))).toMatchObject({ outcome: "committed" })
    expect(new Uint8Array(readFileSync(join(folder, "objects", "0")))).toEqual(bytes(3))
    expect((await stores.objects.list("")).objects.map(({ key }) => key)).toEqual(["0", "wal/a/key-1"])
    await stores.close()
  })

  test.each([
    ["is gone", (path: string) => rmSync(path), "expected the items of what lies in"],
    ["is empty", (path: string) => truncateSync(path, 0), "expected the items of what lies in"],
    ["is garbage", (path: string) => writeFileSync(path, bytes(100_000)), "expected an LMDB database"],
    ["has lost all but its head", (path: string) => truncateSync(path, 20_000), "expected at least"],
    ["has lost its head", (path: string) => truncateSync(path, 100), "expected an LMDB database"],
  ])("a folder whose database %s is refused, never taken for an empty one", async (_, damage, message) => {
    const folder = temporaryFolder()
    const stores = await openLocalStores(folder)
    await stores.objects.put("wal/a", bytes(3))
    await stores.meta.put("log", { ...KEY, version: "ver", fields: FIELDS })
    await stores.close()
    const path = join(folder, "meta.mdb")
    const whole = readFileSync(path)
    damage(path)
    await expect(openLocalStores(folder)).rejects.toMatchObject({
      code: "corrupt",
      message: expect.stringContaining(`${path}: ${message}`),
    })
    writeFileSync(path, whole)
    const again = await openLocalStores(folder)
    expect((await again.meta.get("log", KEY)).item?.version).toBe("ver")
    await again.close()
  })
})
