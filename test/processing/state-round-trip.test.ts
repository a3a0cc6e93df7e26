import fc from "fast-check"
import { expect, test } from "vitest"
import * as z from "zod"
import {
  aggregatingState,
  collect,
  defineJob,
  from,
  listState,
  mapState,
  reducingState,
  sink,
  topic,
  valueState,
} from "../../shared/definition/index.ts"
import { testJob } from "../../shared/processing/test-driver/index.ts"

// What user functions put into state is what they find there after a commit and a restart.

const commands = topic("commands", { schema: z.object({ k: z.string(), at: z.int() }), key: "k" })

const leaf = fc.oneof(
  fc.string({ unit: "binary" }),
  fc.integer(),
  // As in JSON, −0 comes back as 0.
  fc.double().map(number => number + 0),
  fc.boolean(),
  fc.constant(null),
  fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
  fc.date({ noInvalidDate: true }),
  fc.uint8Array({ maxLength: 5 }),
)
const { value: plain } = fc.letrec(tie => ({
  value: fc.oneof(
    { maxDepth: 3 },
    leaf,
    fc.array(tie("value"), { maxLength: 3 }),
    fc.dictionary(
      fc.string().filter(name => name !== "__proto__"),
      tie("value"),
      { maxKeys: 3, noNullPrototype: true },
    ),
    fc.array(fc.tuple(leaf, tie("value")), { maxLength: 3 }).map(entries => new Map(entries)),
    fc.array(leaf, { maxLength: 3 }).map(values => new Set(values)),
  ),
}))

type Found = {
  value: unknown
  list: readonly unknown[]
  map: unknown[]
  reduced: unknown
  aggregated: unknown
}

/** A job that puts the values into state of every kind, and finds them with a record of place −1. */
function jobOf(values: readonly unknown[], found: Found[]) {
  return defineJob("state", () =>
    from(commands)
      .keyBy("k")
      .process<never, ReturnType<typeof states>>({
        state: states(),
        onRecord({ at }, { state }) {
          const value = values[at]
          if (at >= 0) {
            state.value.set(value)
            state.list.add(value)
            state.map.set(`key ${at}/ü`, value)
            state.map.set(at, value)
            state.reduced.add([value])
            state.aggregated.add(value)
            return
          }
          found.push({
            value: state.value.get(),
            list: state.list.get(),
            map: [...state.map.entries()],
            reduced: state.reduced.get(),
            aggregated: state.aggregated.get(),
          })
        },
      })
      .toSink(nowhere),
  )
}

const nowhere = sink<never>(async () => {})
const states = () => ({
  value: valueState<unknown>(),
  list: listState<unknown>(),
  map: mapState<string | number, unknown>(),
  reduced: reducingState<readonly unknown[]>((left, right) => [...left, ...right]),
  aggregated: aggregatingState(collect((value: unknown) => value)),
})

test("state of every kind, of any plain data, survives a restart", () => {
  fc.assert(
    fc.property(
      fc.array(plain, { minLength: 1, maxLength: 4 }),
      fc.string({ unit: "binary" }),
      (values, k) => {
        const found: Found[] = []
        const task = testJob(jobOf(values, found))
        for (const at of values.keys()) task.push(commands, { k, at })
        task.commit().push(commands, { k, at: -1 }).kill()
        // What the first process saw it saw in memory, what the second saw it had read back.
        expect(found).toHaveLength(2)
        expect(found[0]?.list).toEqual(values)
        expect(found[1]).toEqual(found[0])
      },
    ),
    { numRuns: 200 },
  )
})

test("a value's initial is each key's own, and null is a value", () => {
  const seen: unknown[] = []
  const job = defineJob("initial", () =>
    from(commands)
      .keyBy("k")
      .process<never, { list: ReturnType<typeof listOf>; maybe: ReturnType<typeof maybe> }>({
        state: { list: listOf(), maybe: maybe() },
        onRecord({ at }, { state }) {
          const list = state.list.get() ?? []
          list.push(at)
          state.list.set(list)
          seen.push([...list], state.maybe.get())
          state.maybe.set(null)
        },
      })
      .toSink(nowhere),
  )
  testJob(job)
    .push(commands, { k: "a", at: 1 })
    .push(commands, { k: "b", at: 2 })
    .push(commands, { k: "a", at: 3 })
  expect(seen).toEqual([[1], "none", [2], "none", [1, 3], null])
})

function listOf() {
  return valueState<number[]>({ initial: [] })
}

function maybe() {
  return valueState<string | null>({ initial: "none" })
}
