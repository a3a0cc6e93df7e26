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

test("a mask over many values is made piece by piece, and is the same", () => {
  const words = new Dictionary<string>("")
  for (let at = 0; at < 20_000; at++) words.code(`word ${at}`)
  let judged = 0
  const test = (word: string): boolean => {
    judged++
    return word.endsWith("7")
  }
  const pieces: number[] = []
  for (let isWhole = false; !isWhole; ) {
    const before = judged
    isWhole = words.growMask("7", test)
    pieces.push(judged - before)
  }
  expect(Math.max(...pieces)).toBeLessThan(5_000)
  const mask = words.mask("7", test)
  expect(judged).toBe(20_000)
  expect(mask.reduce((sum, one) => sum + one, 0)).toBe(2_000)
  expect([...mask]).toEqual([...words.mask("anew", word => word.endsWith("7"))])
})
