import { expect, test } from "vitest"
import { Bell, Turns } from "../../shared/embedded/jobs/bell.ts"
import { localClock } from "../../shared/storage/local/clock.ts"

const clock = localClock()
const never = new AbortController().signal
const hint = (partition: number) => ({ topicId: "t", partition })

test("a ring that nobody waits for is kept, with what it was for, once", async () => {
  const bell = new Bell(clock)
  bell.ring(hint(1))
  bell.ring(hint(2))
  bell.ring(hint(1))
  expect(await bell.wait(60_000, never)).toBe(true)
  expect(bell.takeHints()).toEqual([hint(1), hint(2)])
  expect(await bell.wait(1, never)).toBe(false)
  expect(bell.takeHints()).toEqual([])
})

test("a ring for no matter what is for everything", async () => {
  const bell = new Bell(clock)
  const waiting = bell.wait(60_000, never)
  bell.ring(hint(1))
  bell.ring()
  bell.ring(hint(2))
  expect(await waiting).toBe(true)
  expect(bell.takeHints()).toBeUndefined()
})

test("a wait ends with its signal", async () => {
  const bell = new Bell(clock)
  const stop = new AbortController()
  const waiting = bell.wait(60_000, stop.signal)
  stop.abort()
  expect(await waiting).toBe(false)
  expect(await bell.wait(60_000, stop.signal)).toBe(false)
})

test("so many go at once, the others in their order, also after a failure", async () => {
  const turns = new Turns(2)
  const order: number[] = []
  let under = 0
  let most = 0
  const work = async (n: number) => {
    most = Math.max(most, ++under)
    await clock.sleep(1)
    under--
    order.push(n)
    if (n === 1) throw new Error("one fails")
  }
  const all = await Promise.allSettled([0, 1, 2, 3, 4, 5].map(n => turns.take(() => work(n))))
  expect(all.map(({ status }) => status === "fulfilled")).toEqual([true, false, true, true, true, true])
  expect(most).toBe(2)
  expect(order.toSorted((a, b) => a - b)).toEqual([0, 1, 2, 3, 4, 5])
  await turns.take(async () => order.push(6))
})
