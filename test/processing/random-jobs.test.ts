import fc from "fast-check"
import { describe, expect, test } from "vitest"
import * as z from "zod"
import {
  avg,
  boundedOutOfOrderness,
  collect,
  count,
  countDistinct,
  cumulate,
  defineJob,
  from,
  hopping,
  type Job,
  max,
  min,
  reducingState,
  type Stream,
  session,
  sum,
  topic,
  topK,
  tumbling,
  type WindowAssigner,
} from "../../shared/definition/index.ts"
import { shuffled, testJob } from "../../shared/processing/test-driver/index.ts"

// Any job of windows over any records: however it is cut into batches and killed, it gives what it gives in one go, and
// that is what a naive computation over all records gives.

const Event = z.object({ k: z.string(), t: z.int(), v: z.int() })
type Event = z.input<typeof Event>
const events = topic("events", { schema: Event, key: "k", eventTime: "t", partitions: 3 })
const rows = topic("rows", { schema: z.record(z.string(), z.unknown()) })

const aggregates = {
  n: count(),
  total: sum((event: Event) => event.v),
  least: min((event: Event) => event.v),
  greatest: max((event: Event) => event.v),
  mean: avg((event: Event) => event.v),
  distinct: countDistinct((event: Event) => event.v),
  top: topK((event: Event) => event.v, 2),
  all: collect((event: Event) => event.v),
}

interface Window {
  readonly name: string
  readonly assigner: WindowAssigner
  /** The windows of a key's events, by a naive way. */
  readonly windows: (events: readonly Event[]) => readonly (readonly [start: number, end: number])[]
}

const ms = (n: number) => `${n}ms` as const
const floor = (time: number, step: number) => Math.floor(time / step) * step

const fixed = fc
  .record({ size: fc.integer({ min: 1, max: 20 }), step: fc.integer({ min: 1, max: 7 }) })
  .chain(({ size, step }) =>
    fc.constantFrom<Window>(
      {
        name: `tumbling ${size}`,
        assigner: tumbling(ms(size)),
        windows: all => all.map(({ t }) => [floor(t, size), floor(t, size) + size]),
      },
      {
        name: `hopping ${size * step} ${size}`,
        assigner: hopping(ms(size * step), ms(size)),
        windows: all =>
          all.flatMap(({ t }) =>
            Array.from({ length: step }, (_, back) => floor(t, size) - back * size).map(
              start => [start, start + size * step] as const,
            ),
          ),
      },
      {
        name: `cumulate ${size * step} ${size}`,
        assigner: cumulate(ms(size * step), ms(size)),
        windows: all =>
          all.flatMap(({ t }) => {
            const start = floor(t, size * step)
            const ends = Array.from({ length: step }, (_, index) => start + (index + 1) * size)
            return ends.filter(end => end > t).map(end => [start, end] as const)
          }),
      },
      {
        name: `session ${size}`,
        assigner: session(ms(size)),
        windows(all) {
          const found: [number, number][] = []
          for (const { t } of all.toSorted((left, right) => left.t - right.t)) {
            const last = found.at(-1)
            if (last !== undefined && t <= last[1]) last[1] = Math.max(last[1], t + size)
            else found.push([t, t + size])
          }
          return found
        },
      },
    ),
  )

const event = fc.record({
  k: fc.constantFrom("a", "b", "ü"),
  t: fc.integer({ min: -50, max: 200 }),
  v: fc.integer({ min: -3, max: 9 }),
})
const given = fc.array(event, { maxLength: 40 })

/** What is done between two batches. */
const cut = fc.record({
  size: fc.integer({ min: 1, max: 6 }),
  after: fc.constantFrom("nothing", "commit", "kill", "commit and kill"),
})

function jobOf({ assigner }: Window, bounded: boolean, late = 1_000): Job {
  return defineJob("random", () =>
    from(events, { watermark: boundedOutOfOrderness(ms(late)), bounded })
      .keyBy("k")
      .window(assigner)
      .aggregate(aggregates)
      .to(rows as never),
  )
}

const sorted = (list: readonly unknown[]) => list.map(row => JSON.stringify(row)).sort()

/** Runs a job over events in batches, with what comes between them; the rows in any order. */
function run(job: Job, all: readonly Event[], cuts: Iterable<{ size: number; after: string }>): string[] {
  const task = testJob(job)
  let at = 0
  for (const { size, after } of cuts) {
    if (at >= all.length) break
    task.pushAll(events, all.slice(at, at + size))
    at += size
    if (after.includes("commit")) task.commit()
    if (after.includes("kill")) task.kill()
  }
  if (at < all.length) task.pushAll(events, all.slice(at))
  return sorted(task.end().output(rows))
}

function oracle({ windows }: Window, all: readonly Event[]): string[] {
  const made: unknown[] = []
  for (const [k, own] of Map.groupBy(all, each => each.k)) {
    const distinct = new Map(windows(own).map(window => [window.join(), window] as const))
    for (const [windowStart, windowEnd] of distinct.values()) {
      const inside = own.filter(({ t }) => t >= windowStart && t < windowEnd)
      made.push({ k, windowStart, windowEnd, ...naive(inside.map(({ v }) => v)) })
    }
  }
  return sorted(made)
}

function naive(values: readonly number[]) {
  const total = values.reduce((left, right) => left + right, 0)
  const counts = [...Map.groupBy(values, v => v)].map(([value, same]) => ({ value, count: same.length }))
  return {
    n: values.length,
    total,
    least: Math.min(...values),
    greatest: Math.max(...values),
    mean: total / values.length,
    distinct: counts.length,
    top: counts.sort((left, right) => right.count - left.count || left.value - right.value).slice(0, 2),
    all: values,
  }
}

/** Values in the order of their arrival are the only thing that depends on it. */
const withoutOrder = (made: readonly string[]) =>
  made
    .map(row => {
      const parsed = JSON.parse(row) as { all: number[] }
      return JSON.stringify({ ...parsed, all: parsed.all.toSorted((left, right) => left - right) })
    })
    .sort()

const runs = { numRuns: 150 }

describe("windows of any kind over any records", () => {
  test("are what a naive computation gives", () => {
    fc.assert(
      fc.property(fixed, given, fc.boolean(), (window, all, bounded) => {
        const made = run(jobOf(window, bounded), all, [])
        expect(withoutOrder(made)).toEqual(withoutOrder(oracle(window, all)))
      }),
      runs,
    )
  })

  test("are the same however the records are cut and the task is killed", () => {
    fc.assert(
      fc.property(fixed, given, fc.array(cut, { maxLength: 20 }), (window, all, cuts) => {
        const job = jobOf(window, false)
        expect(withoutOrder(run(job, all, cuts))).toEqual(withoutOrder(run(job, all, [])))
      }),
      runs,
    )
  })

  test("late records and all: kills and commits change nothing of what the same batches give", () => {
    fc.assert(
      fc.property(fixed, given, fc.array(cut, { maxLength: 20 }), (window, all, cuts) => {
        const job = jobOf(window, false, 20)
        const quiet = cuts.map(({ size }) => ({ size, after: "nothing" }))
        expect(run(job, all, cuts)).toEqual(run(job, all, quiet))
      }),
      runs,
    )
  })

  test("do not depend on the records' order, as long as none is late", () => {
    fc.assert(
      fc.property(fixed, given, fc.integer(), (window, all, seed) => {
        const job = jobOf(window, false)
        const other = run(job, shuffled(all, seed), [])
        expect(withoutOrder(other)).toEqual(withoutOrder(run(job, all, [])))
      }),
      runs,
    )
  })
})

test("shuffled keeps to its distance and to its seed", () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 50 }), fc.integer(), fc.nat(10), (length, seed, within) => {
      const list = Array.from({ length }, (_, index) => index)
      const other = shuffled(list, seed, { within })
      expect(other.toSorted((left, right) => left - right)).toEqual(list)
      for (const [at, was] of other.entries()) expect(Math.abs(at - was)).toBeLessThanOrEqual(within)
      expect(shuffled(list, seed, { within })).toEqual(other)
    }),
  )
})

/** A step of a random graph, over streams of events. */
const step = fc.constantFrom("filter", "map", "deduplicate", "window", "session", "process", "union")

function graphOf(steps: readonly string[]): Job {
  return defineJob("graph", () => {
    let stream = from(events, { watermark: boundedOutOfOrderness("20ms") })
    for (const [index, kind] of steps.entries()) stream = stepOf(kind, `${kind}${index}`, stream)
    return stream.to(rows as never)
  })
}

function stepOf(kind: string, uid: string, stream: Stream<Event>): Stream<Event> {
  const keyed = stream.keyBy("k")
  switch (kind) {
    case "filter":
      return stream.filter(({ v }) => v % 3 !== 0)
    case "map":
      return stream.map(({ k, t, v }) => ({ k, t, v: v + 1 }))
    case "union":
      return stream.union(stream.filter(({ v }) => v > 4))
    case "deduplicate":
      return keyed
        .deduplicate(({ v }) => v, { ttl: "30ms", uid })
        .process({
          uid: `${uid}-after`,
          onRecord: (each, { emit }) => emit(each),
        })
    case "process":
      return keyed.process<Event, { seen: ReturnType<typeof seenState> }>({
        uid,
        state: { seen: seenState() },
        onRecord(each, { state, registerEventTimer, timestamp }) {
          state.seen.add(each.v)
          registerEventTimer(timestamp + (each.v % 5) + 1)
        },
        onEventTimer(t, { key, state, emit }) {
          emit({ ...key, t, v: state.seen.get() ?? 0 })
        },
      })
    default: {
      const assigner = kind === "window" ? tumbling("10ms") : session("7ms")
      return keyed
        .window(assigner, { uid, allowedLateness: "5ms" })
        .aggregate({ v: sum(({ v }: Event) => v) })
        .map(({ k, v, windowStart }) => ({ k, t: windowStart, v }))
    }
  }
}

const seenState = () => reducingState<number>((left, right) => left + right)

test("any graph gives the same, killed and committed wherever", () => {
  const steps = fc.array(step, { minLength: 1, maxLength: 5 })
  fc.assert(
    fc.property(steps, given, fc.array(cut, { maxLength: 20 }), (kinds, all, cuts) => {
      const job = graphOf(kinds)
      const quiet = cuts.map(({ size }) => ({ size, after: "nothing" }))
      expect(run(job, all, cuts)).toEqual(run(job, all, quiet))
    }),
    runs,
  )
})
