import { expect, test } from "vitest"
import { Dictionary, GivenUp, RANKED_VALUES_MAX } from "../../../shared/serving/direct/columns/dictionary.ts"

test("so many values are put in order as nobody has to wait for", () => {
  const words = new Dictionary<string>("")
  for (const word of ["b", "\u{1f600}", "a", "\uffff"]) words.code(word)
  const { ranks, at } = words.ranking()
  expect([...ranks]).toEqual([0, 2, 4, 1, 3])
  expect([1, 2, 3, 4].map(at)).toEqual(["a", "b", "\uffff", "\u{1f600}"])
  while (words.size <= RANKED_VALUES_MAX) words.code(`word ${words.size}`)
  expect(() => words.ranking()).toThrow(GivenUp)
  expect(words.mask("a", word => word === "a")[3]).toBe(1)
})
