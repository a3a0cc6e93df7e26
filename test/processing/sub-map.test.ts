import fc from "fast-check"
import { expect, test } from "vitest"
import { SubMap } from "../../shared/processing/state/sub-map.ts"

test("a key's entries are a Map's, in any number", () => {
  const change = fc.tuple(fc.constantFrom("set", "delete"), fc.nat(3), fc.nat(9))
  fc.assert(
    fc.property(fc.array(change, { maxLength: 20 }), changes => {
      const entries = new SubMap<number, number>()
      const model = new Map<number, number>()
      for (const [kind, key, value] of changes) {
        if (kind === "set") {
          entries.set(key, value)
          model.set(key, value)
        } else expect(entries.delete(key)).toBe(model.delete(key))
        expect([...entries]).toEqual([...model])
        expect([...entries.keys()]).toEqual([...model.keys()])
        expect([...entries.values()]).toEqual([...model.values()])
        expect(entries.size).toBe(model.size)
        for (const each of [0, 1, 2, 3]) {
          expect(entries.get(each)).toBe(model.get(each))
          expect(entries.has(each)).toBe(model.has(each))
        }
      }
    }),
  )
})
