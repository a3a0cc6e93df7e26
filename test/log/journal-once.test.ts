import fc from "fast-check"
import { expect, test } from "vitest"
import { deliver } from "../../shared/log/journal/deliver.ts"
import { openLog } from "../../shared/log/open-log.ts"
import type { Log } from "../../shared/log/types.ts"
import type { Fault, Faults } from "../../shared/storage/memory/faults.ts"
import { type JournalFault, memoryJournal } from "../../shared/storage/memory/journal.ts"
import { type MemoryPorts, memoryPorts } from "../support/memory-ports.ts"
import { nothingAside, send } from "./journal-support.ts"
import { append, openWithTopic, readAll } from "./support.ts"

// Whatever cuts a journal's shards are delivered in, repeated, several at once, by several processes, over a store that
// loses answers: each entry the journal took stands once, in the order of its key.

const DELIVERERS = 3
const PARTITIONS = 3

const turns = async (count: number) => {
  for (let turn = 0; turn < count; turn++) await new Promise(resolve => setImmediate(resolve))
}

/** Faults as a list tells them, one a call; none once it is at its end, or `calm` is set. */
function listedFaults(kinds: readonly number[]): Faults & { calm: boolean } {
  let next = 0
  const faults = {
    calm: false,
    async before(): Promise<Fault | undefined> {
      const kind = kinds[next++]
      if (kind === undefined || faults.calm) return undefined
      if (kind > 6) await turns(kind % 8)
      switch (kind) {
        case 1:
          return { kind: "timeout-before" }
        case 2:
          return { kind: "timeout-after" }
        case 3:
          return { kind: "late-apply", at: turns(9) }
        case 4:
          return { kind: "hidden-retry", again: turns(2) }
        case 5:
          return { kind: "throttle" }
        case 6:
          return { kind: "conflict" }
        default:
          return undefined
      }
    },
  }
  return faults
}

/** Pauses last a few turns, not their time. */
const hurried = (ports: MemoryPorts): MemoryPorts => ({
  ...ports,
  clock: { ...ports.clock, sleep: () => turns(3) },
})

interface Step {
  /** Whose delivery it is. */
  readonly by: number
  readonly shard: number
  /** How far before what is known to be done it begins, and how much it takes. */
  readonly back: number
  readonly take: number
  /** The next step does not wait for it. */
  readonly apart: boolean
}

const step: fc.Arbitrary<Step> = fc.record({
  by: fc.nat({ max: DELIVERERS - 1 }),
  shard: fc.nat({ max: 1 }),
  back: fc.nat({ max: 3 }),
  take: fc.integer({ min: 1, max: 8 }),
  apart: fc.nat({ max: 3 }).map(chance => chance > 0),
})

const world = fc.record({
  requests: fc.array(fc.nat({ max: PARTITIONS - 1 }), { minLength: 1, maxLength: 24, size: "max" }),
  journalFaults: fc.array(fc.nat({ max: 12 }), { maxLength: 20 }),
  storeFaults: fc.array(fc.array(fc.nat({ max: 24 }), { maxLength: 40 }), {
    minLength: DELIVERERS,
    maxLength: DELIVERERS,
  }),
  steps: fc.array(step, { maxLength: 20, size: "max" }),
  uploads: fc.array(fc.boolean(), { minLength: DELIVERERS, maxLength: DELIVERERS }),
  others: fc.nat({ max: 4 }),
})

const JOURNAL_FAULTS: readonly JournalFault["kind"][] = ["refuse", "timeout-before", "timeout-after"]

test("any cut, repetition and interleaving of deliveries gives each entry once, in the order of its key", async () => {
  const run = async (w: typeof world extends fc.Arbitrary<infer W> ? W : never) => {
    const ports = hurried(memoryPorts())
    const { log: home, id } = await openWithTopic(ports, PARTITIONS)
    let asked = 0
    const journal = memoryJournal({
      shards: 2,
      fault: async () => {
        const kind = JOURNAL_FAULTS[w.journalFaults[asked++] ?? -1]
        return kind === undefined ? undefined : ({ kind } as JournalFault)
      },
    })
    const accepted: string[] = []
    for (const [index, partition] of w.requests.entries()) {
      const [entry] = await send(home, journal, [`${index}a`, `${index}b`], partition)
      if ("position" in entry) accepted.push(`${index}a`, `${index}b`)
    }
    const faults = w.storeFaults.map(listedFaults)
    const logs: Log[] = faults.map((each, index) =>
      openLog(hurried(memoryPorts({ stores: ports.stores, faults: each, seed: index + 1 })), {
        flushesMax: 2,
      }),
    )
    const done = new Map(journal.shards.map(shard => [shard, 0]))
    const under: Promise<unknown>[] = []
    for (const [index, { by, shard: which, back, take, apart }] of w.steps.entries()) {
      const shard = journal.shards[which]
      const from = Math.max(0, done.get(shard)! - back)
      const work = deliver(logs[by], journal.read(shard, from, from + take), nothingAside).then(
        () => done.set(shard, Math.max(done.get(shard)!, from + take)),
        () => {},
      )
      under.push(work)
      if (index < w.others) {
        // Over a store that does not answer for long it is refused; whatever comes of it is nobody's loss here.
        const other = append(logs[by], [`other${index}`], { partition: index % PARTITIONS })
        under.push(other.catch(error => expect(error).toMatchObject({ retryable: true })))
      }
      if (!apart) await work
    }
    await Promise.all(under)
    for (const each of faults) each.calm = true
    for (const shard of journal.shards) {
      // Who delivers last begins where nobody knows better.
      await deliver(logs[DELIVERERS - 1], journal.read(shard, done.get(shard)), nothingAside)
      await deliver(logs[0], journal.read(shard), nothingAside)
    }
    const taken = journal.shards.flatMap(shard => journal.read(shard))
    expect(taken.length).toBeGreaterThanOrEqual(accepted.length / 2)
    const reader = openLog(memoryPorts({ stores: ports.stores, seed: 99 }))
    const found: string[] = []
    for (let partition = 0; partition < PARTITIONS; partition++) {
      const read = (await readAll(reader, id, partition)).map(([, value]) => value)
      const own = read.filter(value => !value.startsWith("other"))
      const order = own.map(value => Number.parseInt(value, 10))
      expect(order).toEqual(order.toSorted((a, b) => a - b))
      expect(own.every(value => w.requests[Number.parseInt(value, 10)] === partition)).toBe(true)
      found.push(...own)
    }
    expect(new Set(found).size).toBe(found.length)
    expect(found.length).toBe(2 * taken.length)
    expect(accepted.filter(value => !found.includes(value))).toEqual([])
  }
  await fc.assert(fc.asyncProperty(world, run), { numRuns: 250 })
}, 60_000)
