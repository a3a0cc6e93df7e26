import { describe, expect, test } from "vitest"
import { StorageError } from "../../shared/storage/errors.ts"
import {
  comparePositions,
  JOURNAL_PUT_RECORDS_MAX,
  JOURNAL_RECORD_BYTES_MAX,
  type Journal,
  type JournalDelivery,
  type JournalPosition,
  type JournalPut,
} from "../../shared/storage/journal.ts"

export interface JournalUnderTest {
  readonly journal: Journal
  /** Everything that was taken since the journal was opened, each shard in its order. */
  taken(): Promise<readonly JournalDelivery[]>
  close(): Promise<void>
}

const bytesOf = (text: string) => new TextEncoder().encode(text)
const textOf = (data: Uint8Array) => new TextDecoder().decode(data)

function positionsOf(puts: readonly JournalPut[]): JournalPosition[] {
  return puts.map(put => {
    if (put.outcome !== "committed") throw new Error(`not committed: ${JSON.stringify(put)}`)
    return put.position
  })
}

/** What every backend of the journal's port does. */
export function journalContract(name: string, open: () => Promise<JournalUnderTest>): void {
  describe(`${name}: journal`, () => {
    const opened = async (body: (under: JournalUnderTest) => Promise<void>) => {
      const under = await open()
      try {
        await body(under)
      } finally {
        await under.close()
      }
    }

    test("takes records and hands them over byte for byte, at the positions that it told", () =>
      opened(async ({ journal, taken }) => {
        const records = [
          { key: "a", data: bytesOf("one") },
          { key: "b", data: new Uint8Array() },
          { key: "ü", data: Uint8Array.from({ length: 256 }, (_, byte) => byte) },
        ].filter(({ data }) => data.length > 0 || name !== "aws")
        const positions = positionsOf(await journal.put(records))
        const found = await taken()
        expect(found).toHaveLength(records.length)
        for (const [index, position] of positions.entries()) {
          expect(position.sequence).toMatch(/^\d{1,128}$/)
          const same = found.find(
            ({ position: { shard, sequence } }) => shard === position.shard && sequence === position.sequence,
          )
          expect(same && Buffer.from(same.data)).toEqual(Buffer.from(records[index].data))
        }
        expect(await journal.put([])).toEqual([])
      }))

    test("keeps the records of a key in one shard, in their order, over many puts", () =>
      opened(async ({ journal, taken }) => {
        const keys = ["x", "y", "z"]
        const given = new Map<string, string[]>(keys.map(key => [key, []]))
        const shards = new Map<string, string>()
        for (let put = 0; put < 6; put++) {
          const records = Array.from({ length: 12 }, (_, index) => {
            const key = keys[(put + index) % keys.length]
            const text = `${key} ${put} ${index}`
            given.get(key)!.push(text)
            return { key, data: bytesOf(text) }
          })
          const positions = positionsOf(await journal.put(records))
          for (const [index, { key }] of records.entries()) {
            const shard = positions[index].shard
            expect(shards.get(key) ?? shard).toBe(shard)
            shards.set(key, shard)
          }
        }
        const found = await taken()
        for (const key of keys) {
          const own = found.map(({ data }) => textOf(data)).filter(text => text.startsWith(`${key} `))
          expect(own).toEqual(given.get(key))
        }
        for (const shard of new Set(shards.values())) {
          const positions = found.map(({ position }) => position).filter(each => each.shard === shard)
          for (const [index, position] of positions.entries()) {
            if (index > 0) expect(comparePositions(positions[index - 1], position)).toBeLessThan(0)
          }
        }
      }))

    test("puts at once are all taken, each key of each in its order", () =>
      opened(async ({ journal, taken }) => {
        const puts = Array.from({ length: 8 }, (_, put) =>
          Array.from({ length: 5 }, (__, index) => ({ key: "same", data: bytesOf(`${put}/${index}`) })),
        )
        for (const put of await Promise.all(puts.map(records => journal.put(records)))) positionsOf(put)
        const found = (await taken()).map(({ data }) => textOf(data))
        expect([...found].sort()).toEqual(puts.flatMap(put => put.map(({ data }) => textOf(data))).sort())
        for (let put = 0; put < puts.length; put++) {
          const own = found.filter(text => text.startsWith(`${put}/`))
          expect(own).toEqual(puts[put].map(({ data }) => textOf(data)))
        }
      }))

    test("takes as many and as much as the bounds say, and says what is too much before anything is sent", () =>
      opened(async ({ journal, taken }) => {
        const refusal = async (put: Promise<unknown>) => {
          const error = await put.catch((thrown: unknown) => thrown)
          if (!(error instanceof StorageError)) throw new Error(`no StorageError: ${String(error)}`)
          return { code: error.code, message: error.message }
        }
        const many = Array.from({ length: JOURNAL_PUT_RECORDS_MAX }, (_, index) => ({
          key: `k${index}`,
          data: bytesOf(`${index}`),
        }))
        const one = { key: "k", data: bytesOf("x") }
        expect(await refusal(journal.put([...many, one]))).toEqual({
          code: "too_large",
          message: "journal: expected at most 500 records, got 501",
        })
        const large = { key: "key", data: new Uint8Array(JOURNAL_RECORD_BYTES_MAX - 3).fill(7) }
        expect(await refusal(journal.put([one, { ...large, key: "key+" }]))).toEqual({
          code: "too_large",
          message: "journal: record 1: expected at most 1048576 bytes with its key, got 1048577",
        })
        for (const key of ["", "k".repeat(257)]) {
          expect(await refusal(journal.put([{ ...one, key }]))).toMatchObject({
            code: "invalid",
            message: expect.stringContaining("1 to 256 characters"),
          })
        }
        expect(await taken()).toEqual([])
        positionsOf(await journal.put(many))
        // More together than one call of Kinesis can carry.
        positionsOf(
          await journal.put(["a", "b", "c", "d", "e", "f"].map(key => ({ ...large, key: `${key}ey` }))),
        )
        const found = await taken()
        expect(found).toHaveLength(506)
        expect(found.filter(({ data }) => data.length === large.data.length)).toHaveLength(6)
      }))

    test("what a caller changes after a put does not change what is handed over", () =>
      opened(async ({ journal, taken }) => {
        const data = bytesOf("before")
        const put = journal.put([{ key: "k", data }])
        data.fill(0)
        positionsOf(await put)
        const [{ data: found }] = await taken()
        expect(textOf(found)).toBe("before")
      }))
  })
}
