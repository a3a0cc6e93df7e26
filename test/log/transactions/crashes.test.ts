import { expect, test } from "vitest"
import { openLog } from "../../../shared/log/open-log.ts"
import type { Fault, Faults, StoreCall } from "../../../shared/storage/memory/faults.ts"
import type { WriteOutcome } from "../../../shared/storage/outcome.ts"
import { memoryPorts } from "../../support/memory-ports.ts"
import { failure } from "../support.ts"
import { memoryWorld, Producer, values, type World } from "./support.ts"

/** The end of a process at its nth write, applied or not: nothing that it asks is answered any more. */
class EndAtWrite implements Faults {
  readonly #nth: number
  readonly #applied: boolean
  #writes = 0
  readonly ended = Promise.withResolvers<"ended">()
  #over = false

  constructor(nth: number, applied: boolean) {
    this.#nth = nth
    this.#applied = applied
  }

  get over(): boolean {
    return this.#over
  }

  async before(call: StoreCall): Promise<Fault | undefined> {
    if (this.#over) return never()
    if (!call.write || ++this.#writes !== this.#nth) return undefined
    this.#over = true
    this.ended.resolve("ended")
    return this.#applied ? undefined : never()
  }

  async after(_call: StoreCall, outcome?: WriteOutcome<unknown>): Promise<void> {
    if (this.#over && outcome !== undefined) await never()
  }
}

function never(): Promise<never> {
  return new Promise(() => {})
}

type Shape = (producer: Producer) => Promise<unknown>

const shapes: Readonly<Record<string, Shape>> = {
  small: producer =>
    producer.commit([producer.batch(["a"], 0), producer.batch([`b${"-".repeat(20_000)}`], 1)]),
  async large(producer) {
    await producer.append(["a"], 0)
    await producer.append(["b"], 1)
    await producer.commit()
  },
}

/** What else can happen after the process's end; returns what the transaction is then known to be. */
const heirs: Readonly<Record<string, (world: World, dead: Producer) => Promise<string | undefined>>> = {
  async "readers, once the time is over"({ advance }) {
    advance(61_000)
    return undefined
  },
  async "another that takes its place"({ another }, dead) {
    await new Producer(another(), dead.id).init()
    return undefined
  },
  async "a repeat of the commit by another process"({ another }, dead) {
    dead.log = another()
    const { producerId, epoch } = dead
    const request = { transactionalId: dead.id, producerId, epoch, batches: [], offsets: [] }
    return (await dead.log.transactions.commit(request)).outcome
  },
  async "an abort by another process"({ another }, dead) {
    return (await another().transactions.abort(dead.id, dead.producerId, dead.epoch)).outcome
  },
  async maintenance({ another, advance }) {
    advance(61_000)
    await another().transactions.settleOverdue()
    return undefined
  },
}

async function cutShort(shape: Shape, nth: number, applied: boolean) {
  const faults = new EndAtWrite(nth, applied)
  const world = await memoryWorld(2)
  const dead = await new Producer(world.log).init()
  dead.log = world.another(faults)
  // The epoch of the transaction that is cut short.
  const { producerId, epoch } = dead
  const ended = await Promise.race([shape(dead).then(() => "done"), faults.ended.promise])
  dead.producerId = producerId
  dead.epoch = epoch
  return { world, dead, done: ended === "done" }
}

for (const [name, shape] of Object.entries(shapes)) {
  for (const [by, heir] of Object.entries(heirs)) {
    test(`a ${name} transaction whose process ends at any write stands whole or not at all: ${by}`, async () => {
      let points = 0
      for (let nth = 1; ; nth++) {
        let done = false
        for (const applied of [false, true]) {
          const cut = await cutShort(shape, nth, applied)
          done = cut.done
          const { world, dead } = cut
          const outcome = await heir(world, dead)
          const { another, topicId } = world
          const reader = another()
          const seen = [(await values(reader, topicId, 0))[0], (await values(reader, topicId, 1))[0]]
          const where = `${nth}, ${applied ? "applied" : "lost"}: ${outcome}, ${seen}`
          // A repeat without batches commits what was appended until then, which a client would not ask for.
          const partly = name === "large" && outcome === "committed" && nth <= 4
          if (!partly)
            expect(
              [
                [undefined, undefined],
                ["a", "b"],
              ],
              where,
            ).toContainEqual(seen)
          if (done || (outcome === "committed" && name === "large" && nth > 4))
            expect(seen, where).toEqual(["a", "b"])
          if (outcome === "aborted") expect(seen, where).toEqual([undefined, undefined])
          for (const partition of [0, 1]) {
            const { endOffset, lastStableOffset } = await reader.offsets(topicId, partition)
            expect(lastStableOffset, where).toBe(endOffset)
          }
          // Whoever comes next can go on.
          const next = await new Producer(another(), dead.id).init()
          await next.append(["c"], 0)
          await next.commit()
          expect((await values(reader, topicId, 0)).endsWith("c"), where).toBe(true)
          points++
        }
        if (done) break
      }
      expect(points).toBe(name === "small" ? 6 : 18)
    })
  }
}

/** Every write of a kind goes wrong once. */
class OnceEach implements Faults {
  readonly #kind: Fault["kind"]
  readonly #struck = new Set<string>()

  constructor(kind: Fault["kind"]) {
    this.#kind = kind
  }

  async before(call: StoreCall): Promise<Fault | undefined> {
    const key = `${call.operation} ${call.key}`
    if (!call.write || this.#struck.has(key)) return undefined
    this.#struck.add(key)
    return { kind: this.#kind } as Fault
  }
}

const kinds = ["timeout-before", "timeout-after", "conflict", "throttle", "hidden-retry"] as const

test.each(kinds)("what goes wrong on the way is found out, in both shapes: %s", async kind => {
  const world = await memoryWorld(2)
  const { log, topicId, another } = world
  await new Producer(log).init()
  const producer = await new Producer(another(new OnceEach(kind))).init()
  for (let round = 0; round < 3; round++) {
    await producer.append([`a${round}`], 0)
    await producer.append([`b${round}`], 1)
    expect(await producer.commit()).toMatchObject({ outcome: "committed" })
    const batches = [producer.batch([`c${round}`], 0), producer.batch([`d${"-".repeat(20_000)}${round}`], 1)]
    expect(await producer.commit(batches)).toMatchObject({ outcome: "committed" })
    await producer.append(["no"], 0)
    expect(await producer.abort()).toMatchObject({ outcome: "aborted" })
  }
  expect(await values(log, topicId, 0)).toBe("a0c0a1c1a2c2")
  expect((await values(another(), topicId, 1)).replaceAll("-", "")).toBe("b0d0b1d1b2d2")
})

test("a commit that the store does not answer is unknown, and a repeat tells", async () => {
  const ports = memoryPorts()
  const log = openLog(ports)
  const { id } = await log.createTopic({ name: "events", partitions: 2, owner: "http" })
  const producer = await new Producer(log).init()
  // All answers are lost for longer than anybody waits; waiting takes no time here.
  const faults: Faults = {
    before: async call => (call.operation === "transact" ? { kind: "timeout-after" } : undefined),
  }
  const lost = memoryPorts({ stores: ports.stores, faults, seed: 1 })
  const sleep = async (ms: number, signal?: AbortSignal) => {
    await lost.clock.sleep(1, signal)
    if (signal?.aborted !== true) lost.advance(ms)
  }
  producer.log = openLog({ ...lost, clock: { ...lost.clock, sleep } })
  const { producerId, epoch } = producer
  const batches = [producer.batch(["a"], 0), producer.batch(["b"], 1)]
  expect((await failure(producer.commit(batches))).code).toBe("outcome_unknown")
  const request = { transactionalId: "orders", producerId, epoch, batches, offsets: [] }
  expect(await log.transactions.commit(request)).toMatchObject({ outcome: "committed", offsets: [0, 0] })
  expect(await values(log, id, 0)).toBe("a")
  // The process that was told nothing goes on by what stands.
  expect(await producer.log.transactions.commit(request)).toMatchObject({
    outcome: "committed",
    offsets: [0, 0],
  })
})
