import { readFileSync } from "node:fs"
import { describe, expect, test } from "vitest"
import { keyStore } from "../../../shared/api/auth/keys.ts"
import { KEYS_MAX } from "../../../shared/api/auth/limits.ts"
import type { Fault, Faults } from "../../../shared/storage/memory/faults.ts"
import { queryItems } from "../../../shared/storage/query-items.ts"
import { memoryPorts } from "../../support/memory-ports.ts"

const FIRST = "F".repeat(40)
const invalid = (message: RegExp) =>
  expect.objectContaining({ code: "invalid", message: expect.stringMatching(message) })

describe("keys", () => {
  test("are found by themselves until they are revoked", async () => {
    const keys = keyStore(memoryPorts())
    const { key, ...info } = await keys.create("tower", ["topic:ads:write", "topic:ads:write", "*"])
    expect(key).toMatch(/^mr_[\w-]{43}$/)
    expect(info).toMatchObject({
      id: expect.stringMatching(/^[0-9a-f]{16}$/),
      scopes: ["topic:ads:write", "*"],
    })
    const other = await keys.create("tower", ["table:*:query"])
    expect(other.key).not.toBe(key)
    expect(await keys.find(key)).toEqual(info)
    expect(await keys.find(`${key.slice(0, -1)}${key.endsWith("A") ? "B" : "A"}`)).toBeUndefined()
    expect(await keys.find("")).toBeUndefined()
    expect((await keys.list()).map(({ id }) => id)).toEqual([info.id, other.id].sort())
    expect(await keys.revoke(info.id)).toBe(true)
    expect(await keys.revoke(info.id)).toBe(false)
    expect(await keys.find(key)).toBeUndefined()
    expect((await keys.find(other.key))?.name).toBe("tower")
  })

  test("are stored as hashes alone", async () => {
    const ports = memoryPorts()
    const keys = keyStore(ports)
    const { key, id } = await keys.create("tower", ["*"])
    const { items } = await queryItems(ports.meta, "meta", { pk: "keys" })
    expect(items).toMatchObject([{ pk: "keys", sk: id, fields: { v: 1, name: "tower", scopes: '["*"]' } }])
    expect(JSON.stringify(items)).not.toContain(key.slice(3, 20))
    expect(items[0]?.fields.hash).toMatch(new RegExp(`^${id}[0-9a-f]{48}$`))
  })

  test("whose hashes begin alike are told apart by the whole hash", async () => {
    const ports = memoryPorts()
    const keys = keyStore(ports)
    const { key } = await keys.create("tower", ["*"])
    const { items } = await queryItems(ports.meta, "meta", { pk: "keys" })
    const [item] = items
    const hash = String(item!.fields.hash)
    const forged = hash.slice(0, 63) + (hash.endsWith("0") ? "1" : "0")
    await ports.meta.put("meta", { ...item!, version: "forged", fields: { ...item!.fields, hash: forged } })
    expect(await keys.find(key)).toBeUndefined()
  })

  test("need a name and scopes that mean something", async () => {
    const keys = keyStore(memoryPorts())
    await expect(keys.create("a b", ["*"])).rejects.toEqual(invalid(/^name: expected 1 to 100 .* got "a b"/))
    await expect(keys.create("tower", [])).rejects.toEqual(invalid(/^scopes: expected 1 to 32 scopes, got 0/))
    await expect(keys.create("tower", ["*", "topic:ads"])).rejects.toEqual(
      invalid(/^scopes\.1: expected kind:name:/),
    )
    expect((await keys.create("tower", ["*"])).name).toBe("tower")
  })

  test("are so many at the most", async () => {
    const keys = keyStore(memoryPorts())
    for (let n = 0; n < KEYS_MAX; n++) await keys.create("tower", ["*"])
    await expect(keys.create("tower", ["*"])).rejects.toMatchObject({ code: "too_many_keys" })
    await keys.revoke((await keys.list())[0]!.id)
    expect((await keys.create("tower", ["*"])).name).toBe("tower")
  })

  test("stored by any version are found for ever", async () => {
    const file = new URL("../../golden/api/key-v1.json", import.meta.url)
    const { key, item } = JSON.parse(readFileSync(file, "utf8"))
    const ports = memoryPorts()
    await ports.meta.put("meta", item)
    expect(await keyStore(ports).find(key)).toEqual({
      id: item.sk,
      name: "tower",
      scopes: ["topic:ads-*:write", "table:*:query"],
      created: 1_767_225_600_123,
    })
  })

  test("keep a row filter and a rate, and are of a format that older readers refuse", async () => {
    const ports = memoryPorts()
    const keys = keyStore(ports)
    const limits = { rowFilter: "member_id = 7 AND kind IN ('a', 'b')", queriesPerSecond: 0.5 }
    const { key, ...info } = await keys.create("member", ["table:views:query"], limits)
    expect(info).toMatchObject(limits)
    expect(await keys.find(key)).toEqual(info)
    expect(await keys.list()).toEqual([info])
    const { items } = await queryItems(ports.meta, "meta", { pk: "keys" })
    expect(items[0]?.fields).toMatchObject({ v: 2, ...limits })
  })

  test.each([
    [{ rowFilter: "member_id =" }, ["table:*:query"], /^rowFilter: unexpected end of the expression/],
    [{ rowFilter: "1 + 1" }, ["table:*:query"], /^rowFilter: expected a condition/],
    [{ rowFilter: "a = 1) OR (1 = 1" }, ["table:*:query"], /^rowFilter: unexpected '\)'/],
    [{ rowFilter: "a = 1 -- b" }, ["table:*:query"], /^rowFilter: expected a condition without "--"/],
    [{ rowFilter: "a = $$b$$" }, ["table:*:query"], /without "\$"/],
    [{ rowFilter: "a IN (SELECT 1)" }, ["table:*:query"], /^rowFilter: /],
    [{ rowFilter: "read_text('x') = 'y'" }, ["table:*:query"], /^rowFilter: .*read_text/],
    [
      { rowFilter: `a = '${"x".repeat(1000)}'` },
      ["table:*:query"],
      /^rowFilter: expected at most 1000 characters/,
    ],
    [{ rowFilter: "a = 1" }, ["*"], /^rowFilter: the scope \* sees all rows/],
    [{ rowFilter: "a = 1" }, ["table:v:query", "table:w:admin"], /^rowFilter: the scope table:w:admin sees/],
    [{ rowFilter: "a = 1" }, ["table:v:query", "deployment:*:admin"], /^rowFilter: the scope deployment/],
    [{ rowFilter: "a = 1" }, ["topic:v:read"], /^rowFilter: expected a scope that ends in :query/],
    [{ queriesPerSecond: 0 }, ["*"], /^queriesPerSecond: expected more than 0/],
    [{ queriesPerSecond: Number.NaN }, ["*"], /^queriesPerSecond: expected more than 0/],
  ])("with %j and %j are refused", async (limits, scopes, message) => {
    const keys = keyStore(memoryPorts())
    await expect(keys.create("member", scopes, limits)).rejects.toEqual(invalid(message))
    expect(await keys.list()).toEqual([])
  })

  test("of a newer format are refused, not guessed at", async () => {
    const ports = memoryPorts()
    const keys = keyStore(ports)
    const { key } = await keys.create("tower", ["*"])
    const { items } = await queryItems(ports.meta, "meta", { pk: "keys" })
    await ports.meta.put("meta", { ...items[0]!, version: "newer", fields: { ...items[0]!.fields, v: 4 } })
    await expect(keys.find(key)).rejects.toMatchObject({
      code: "unknown_format",
      message: expect.stringMatching(/has format 4; expected 1 or 2 or 3$/),
    })
  })
})

describe("keys over a store that fails", () => {
  const kinds = ["timeout-before", "timeout-after", "conflict", "throttle", "hidden-retry"] as const

  test.each(kinds)("are made and revoked once, whatever a write comes to: %s", async kind => {
    let next: Fault | undefined
    const faults: Faults = {
      async before({ write }) {
        const fault = write ? next : undefined
        if (write) next = undefined
        return fault
      },
    }
    const keys = keyStore(memoryPorts({ faults }))
    next = { kind }
    const { key, id } = await keys.create("tower", ["*"])
    expect(next).toBeUndefined()
    expect((await keys.find(key))?.id).toBe(id)
    next = { kind }
    expect(await keys.revoke(id)).toBe(true)
    expect(next).toBeUndefined()
    expect(await keys.find(key)).toBeUndefined()
    next = { kind }
    expect(await keys.ensure(FIRST, "first", ["*"])).toBe(true)
    const first = await keys.find(FIRST)
    expect(await keys.list()).toEqual([first])
    expect(next).toBeUndefined()
    next = { kind }
    expect(await keys.revoke(first!.id)).toBe(true)
    expect(next).toBeUndefined()
    expect(await keys.find(FIRST)).toBeUndefined()
  })

  test("are told as uncertain when the store never says what a write came to", async () => {
    let broken = true
    const faults: Faults = {
      before: async ({ write }) => (write && broken ? { kind: "timeout-after" } : undefined),
    }
    const ports = memoryPorts({ faults })
    const keys = keyStore({ ...ports, clock: { ...ports.clock, sleep: async ms => ports.advance(ms) } })
    await expect(keys.create("tower", ["*"])).rejects.toMatchObject({
      code: "unavailable",
      message: "the key tower may be stored or not: list the keys, and try again",
    })
    broken = false
    const [standing] = await keys.list()
    expect(await keys.revoke(standing!.id)).toBe(true)
    expect(await keys.list()).toEqual([])
  })
})

describe("the first key of a deployment", () => {
  test("is what the deployment says, however often it says so", async () => {
    const keys = keyStore(memoryPorts())
    await keys.ensure(FIRST, "first", ["*"])
    const made = await keys.find(FIRST)
    expect(await keys.ensure(FIRST, "first", ["*"])).toBe(true)
    expect(await keys.find(FIRST)).toEqual(made)
    expect(await keys.ensure(FIRST, "first", ["topic:*:read"])).toBe(true)
    expect((await keys.find(FIRST))?.scopes).toEqual(["topic:*:read"])
    expect(await keys.list()).toHaveLength(1)
  })

  test("replaces the one before it, and no other key", async () => {
    const keys = keyStore(memoryPorts())
    const { id } = await keys.create("first", ["*"])
    await keys.ensure("Z".repeat(40), "second", ["*"])
    await keys.ensure(FIRST, "first", ["*"])
    await keys.ensure("G".repeat(40), "first", ["*"])
    expect(await keys.find(FIRST)).toBeUndefined()
    const [second, made] = [await keys.find("Z".repeat(40)), await keys.find("G".repeat(40))]
    expect((await keys.list()).map(key => key.id).sort()).toEqual([id, second!.id, made!.id].sort())
    expect(await keys.ensure(FIRST, "first", ["*"])).toBe(true)
    expect(await keys.find(FIRST)).toBeDefined()
  })

  test("stays revoked, whatever the deployment says again, and makes way for another", async () => {
    const ports = memoryPorts()
    const keys = keyStore(ports)
    await keys.ensure(FIRST, "first", ["*"])
    const { id } = (await keys.find(FIRST))!
    expect(await keys.revoke(id)).toBe(true)
    expect(await keys.revoke(id)).toBe(false)
    expect(await keys.ensure(FIRST, "first", ["*"])).toBe(false)
    expect(await keys.find(FIRST)).toBeUndefined()
    expect(await keys.list()).toEqual([])
    expect(await keys.ensure("G".repeat(40), "first", ["*"])).toBe(true)
    expect(await keys.find("G".repeat(40))).toMatchObject({ name: "first", scopes: ["*"] })
    expect(await keys.ensure(FIRST, "first", ["*"])).toBe(false)
    expect(await keys.list()).toEqual([])
  })

  test("must be long enough not to be guessed, and is never part of the error", async () => {
    const keys = keyStore(memoryPorts())
    for (const key of ["hunter2", "x".repeat(257), `${"y".repeat(40)} z`]) {
      const refused = await keys.ensure(key, "first", ["*"]).catch((error: Error) => error)
      expect(refused).toEqual(invalid(/^key: expected 32 to 256 of .* got \d+ characters$/))
      expect(String((refused as Error).message)).not.toContain(key)
    }
    expect(await keys.list()).toEqual([])
  })
})
