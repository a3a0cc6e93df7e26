import { expect, test } from "vitest"
import { TURN_WAIT_MS_MAX, TURNS_WAITING_MAX, Turns } from "../../../shared/serving/query/turns.ts"
import { memoryPorts } from "../../support/memory-ports.ts"

/** A clock whose sleeps end with their signal, or when `pass` is called. */
function openTurns() {
  const sleeping = new Set<() => void>()
  const waits: number[] = []
  const turns = new Turns({
    ...memoryPorts().clock,
    sleep: (ms, signal) =>
      new Promise(resolve => {
        waits.push(ms)
        sleeping.add(resolve)
        signal?.addEventListener("abort", () => resolve())
      }),
  })
  const pass = () => {
    for (const wake of sleeping) wake()
  }
  return { turns, waits, pass }
}

test("one after the other, in the order of their coming", async () => {
  const { turns, waits } = openTurns()
  const first = await turns.take()
  const order: number[] = []
  const later = [1, 2, 3].map(async at => {
    const end = await turns.take()
    order.push(at)
    end?.()
  })
  await undefined
  expect(order).toEqual([])
  first?.()
  await Promise.all(later)
  expect(order).toEqual([1, 2, 3])
  expect(waits).toEqual([TURN_WAIT_MS_MAX, TURN_WAIT_MS_MAX, TURN_WAIT_MS_MAX])
  expect(await turns.take()).toBeDefined()
})

test("who waits too long, goes away or is one too many has no turn, and keeps nobody from his", async () => {
  const { turns, pass } = openTurns()
  const end = await turns.take()
  const gone = new AbortController()
  const waiting = [
    turns.take(gone.signal),
    ...Array.from({ length: TURNS_WAITING_MAX - 1 }, () => turns.take()),
  ]
  expect(await turns.take()).toBeUndefined()
  gone.abort()
  expect(await waiting[0]).toBeUndefined()
  pass()
  expect((await Promise.all(waiting)).filter(turn => turn !== undefined)).toEqual([])
  const next = turns.take()
  end?.()
  expect(await next).toBeDefined()
})
