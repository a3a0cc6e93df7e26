import { expect, test } from "vitest"
import { Rounds } from "../../../shared/serving/tail/rounds.ts"

test("who comes while a round runs shares the next one, which began after they came", async () => {
  const rounds = new Rounds<number>()
  const begun: PromiseWithResolvers<number>[] = []
  const work = () => {
    const run = Promise.withResolvers<number>()
    begun.push(run)
    return run.promise
  }
  const first = rounds.join("t", work)
  const second = rounds.join("t", work)
  const third = rounds.join("t", work)
  const other = rounds.join("u", work)
  expect(begun).toHaveLength(2)
  begun[0]!.resolve(1)
  begun[1]!.resolve(10)
  expect([await first, await other]).toEqual([1, 10])
  await Promise.resolve()
  expect(begun).toHaveLength(3)
  const fourth = rounds.join("t", work)
  begun[2]!.resolve(2)
  expect([await second, await third]).toEqual([2, 2])
  await Promise.resolve()
  begun[3]!.resolve(3)
  expect(await fourth).toBe(3)
})

test("a round that fails fails for its own, and the next one runs", async () => {
  const rounds = new Rounds<number>()
  const failing = rounds.join("t", () => Promise.reject(new Error("no")))
  const next = rounds.join("t", async () => 2)
  await expect(failing).rejects.toThrow("no")
  expect(await next).toBe(2)
})

test("those who come while a round gathers are in it", async () => {
  let open = (): void => undefined
  const rounds = new Rounds<number>(() => new Promise(resolve => (open = resolve)))
  let runs = 0
  const work = async (): Promise<number> => ++runs
  const first = rounds.join("a", work)
  const second = rounds.join("a", work)
  expect(runs).toBe(0)
  open()
  expect(await Promise.all([first, second])).toEqual([1, 1])
  const third = rounds.join("a", work)
  open()
  expect(await third).toBe(2)
})
