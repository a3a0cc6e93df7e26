import { expect, test } from "vitest"
import * as z from "zod"
import type { Change } from "../../shared/definition/change.ts"
import {
  boundedOutOfOrderness,
  continuously,
  count,
  countWindow,
  cumulate,
  defineApp,
  defineJob,
  from,
  globalWindow,
  hopping,
  type JobOptions,
  onCount,
  purging,
  type Secret,
  type Sink,
  type Stream,
  secret,
  session,
  sink,
  sum,
  timeToLive,
  topic,
  tumbling,
  valueState,
} from "../../shared/definition/index.ts"
import { planJob } from "../../shared/definition/plan-job.ts"
import { loadApp } from "../../shared/definition/resolve.ts"
import { faultsOf } from "./fixtures.ts"

const Event = z.object({ k: z.string(), v: z.int() })
type Event = z.input<typeof Event>
const events = topic("events", { schema: Event, key: "k" })
const results = topic("results", { schema: z.record(z.string(), z.unknown()) })
const compacted = topic("compacted", {
  schema: z.record(z.string(), z.unknown()),
  config: { "cleanup.policy": "compact" },
})
// What a program without a compiler may write.
const loose = (value: unknown) => value as never
const keyed = (stream = from(events)) => stream.keyBy("k")
const n = { n: count() }

const appOf = (build: () => Sink | readonly Sink[], options: JobOptions = {}) =>
  defineApp("app", { jobs: [defineJob("job", build, options)] })
const faults = (build: () => Sink | readonly Sink[], options?: JobOptions) => faultsOf(appOf(build, options))
const window =
  (assigner: Parameters<ReturnType<typeof keyed>["window"]>[0], options = {}) =>
  () =>
    keyed().window(assigner, loose(options)).aggregate(n).to(loose(results))

test("a job without mistakes is stored without its functions", async () => {
  const definition = await loadApp(
    appOf(window(tumbling("1m"), { allowedLateness: "10s", lateTo: events, trigger: purging(onCount(3)) }), {
      memoryMb: 512,
    }),
  )
  expect(definition.jobs).toEqual([
    {
      name: "job",
      nodes: [
        { kind: "source", inputs: [], uid: "source", shape: { topics: ["events"], bounded: false } },
        {
          kind: "window",
          inputs: [0],
          uid: "window",
          shape: {
            key: ["k"],
            assigner: { kind: "tumbling", sizeMs: 60_000, offsetMs: 0, time: "event" },
            latenessMs: 10_000,
            result: { n: "count" },
            trigger: { kind: "purging", inner: { kind: "count", count: 3 } },
          },
        },
        { kind: "topicSink", inputs: [1], shape: { topic: "results", delivery: "exactly-once" } },
        { kind: "side", inputs: [1], shape: { tag: "late" } },
        { kind: "topicSink", inputs: [3], shape: { topic: "events", delivery: "exactly-once" } },
      ],
      reads: ["events"],
      writes: ["events", "results"],
      parallelism: "single",
      poison: "fail",
      bounded: false,
      memoryMb: 512,
      version: 1,
      dropState: [],
    },
  ])
  expect(definition.topics.map(({ name }) => name)).toEqual(["events", "results"])
})

test("the secrets of a job's sinks are told by name, and nothing else of them", async () => {
  const give = (...names: string[]) =>
    sink<Event, Record<string, Secret>>(async () => {}, {
      secrets: Object.fromEntries(names.map(name => [`own-${name}`, secret(name)])),
    })
  const build = () => [
    from(events).toSink(give("crm", "b")),
    from(results, { uid: "x" }).toSink(give("b") as never),
  ]
  const { jobs } = await loadApp(appOf(build))
  expect(jobs[0]).toMatchObject({ secrets: ["b", "crm"] })
  expect(JSON.stringify(jobs)).not.toContain("own-")
})

const duration = 'expected a duration such as "5s", "1m", "1h" or "7d"'
test.each<[string, () => Sink | readonly Sink[], string[], JobOptions?]>([
  [
    "nothing at all",
    () => [],
    ["jobs.job: expected a function that returns where the results go, such as stream.to(topic)"],
  ],
  [
    "no topic to read",
    () => from(loose([])).to(loose(results)),
    ["jobs.job.source: expected at least one topic"],
  ],
  [
    "a name for a topic",
    () => from(loose("events")).to(loose(results)),
    ['jobs.job.source: expected a topic, found "events"'],
  ],
  [
    "no topic to write",
    () => from(events).to(loose("results")),
    ['jobs.job.topicSink[1]: expected a topic, found "results"'],
  ],
  [
    "an idle time",
    () => from(events, { idleAfter: loose("soon") }).to(events),
    [`jobs.job.source.idleAfter: ${duration}`],
  ],
  [
    "a delay",
    () => from(events, { watermark: boundedOutOfOrderness(loose("5")) }).to(events),
    [`jobs.job.source.watermark: ${duration}`],
  ],
  ["a window's size", window(tumbling(loose("1 m"))), [`jobs.job.window.window: ${duration}`]],
  ["a slide", window(hopping("1m", loose(""))), [`jobs.job.window.window: ${duration}`]],
  [
    "an offset",
    window(tumbling("1m", { offset: "1m" })),
    ["jobs.job.window.window: expected an offset shorter than the window"],
  ],
  [
    "a step",
    window(cumulate("10s", "3s")),
    ["jobs.job.window.window: cumulate: expected a size that is a multiple of the step"],
  ],
  ["a gap", window(session(loose("x"))), [`jobs.job.window.window: ${duration}`]],
  [
    "a count",
    window(countWindow(0)),
    ["jobs.job.window.window: count: expected a whole number above 0, found 0"],
  ],
  [
    "a count's slide",
    window(countWindow(2, 0.5)),
    ["jobs.job.window.window: count: expected a slide above 0"],
  ],
  [
    "a count window's trigger",
    window(countWindow(2), { trigger: onCount(2) }),
    ["jobs.job.window.trigger: a count window has its own trigger: expected none"],
  ],
  [
    "a global window without a trigger",
    window(globalWindow()),
    ["jobs.job.window.trigger: a global window has no end: expected a trigger"],
  ],
  [
    "a trigger's count",
    window(tumbling("1m"), { trigger: purging(onCount(0)) }),
    ["jobs.job.window.trigger: onCount: expected a whole number above 0, found 0"],
  ],
  [
    "a trigger's period",
    window(tumbling("1m"), { trigger: continuously(loose("often")) }),
    [`jobs.job.window.trigger: ${duration}`],
  ],
  [
    "a lateness",
    window(tumbling("1m"), { allowedLateness: "late" }),
    [`jobs.job.window.allowedLateness: ${duration}`],
  ],
  [
    "no results",
    () => keyed().window(tumbling("1m")).aggregate({}).to(loose(results)),
    ["jobs.job.window: aggregate: expected at least one result, such as { n: count() }"],
  ],
  [
    "results that take a field's place",
    () =>
      keyed()
        .window(tumbling("1m"))
        .aggregate({ k: count(), windowEnd: count(), n: loose(count) })
        .to(loose(results)),
    [
      "jobs.job.window.k: the row has a field of this name already: expected another name",
      "jobs.job.window.windowEnd: the row has a field of this name already: expected another name",
      "jobs.job.window.n: expected an aggregate such as count(), found a function",
    ],
  ],
  [
    "no key",
    () =>
      from(events)
        .keyBy(...(loose([]) as ["k"]))
        .aggregate(n)
        .toCompacted(loose(compacted)),
    ["jobs.job.aggregate: keyBy: expected at least one field"],
  ],
  [
    "a time to live",
    () =>
      keyed()
        .deduplicate(({ k }) => k, { ttl: loose("ever") })
        .window(tumbling("1m"))
        .aggregate(n)
        .to(loose(results)),
    [`jobs.job.deduplicate.ttl: ${duration}`],
  ],
  [
    "an aggregate's time to live",
    () =>
      keyed()
        .aggregate(n, { ttl: timeToLive(loose(1)) })
        .toCompacted(loose(compacted)),
    [`jobs.job.aggregate.ttl: ${duration}`],
  ],
  [
    "how many are first",
    () =>
      keyed()
        .topN(0, { by: ({ v }) => v })
        .toCompacted(loose(compacted)),
    ["jobs.job.topN.n: expected a whole number above 0, found 0"],
  ],
  [
    "an updating stream into a topic that keeps all",
    () => keyed().aggregate(n).toCompacted(loose(results)),
    [
      'jobs.job.topicSink[2]: the rows of an aggregate without a window replace each other: expected a topic with config "cleanup.policy": "compact", or one that an upsert table of the app reads, found results without',
    ],
  ],
  [
    "states",
    () =>
      keyed()
        .process({
          state: { "a b": valueState(), c: valueState({ ttl: timeToLive(loose("x")) }) },
          onRecord: () => {},
        })
        .toSink(sink(async () => {})),
    [
      'jobs.job.process.state: "a b": expected a name of a-z A-Z 0-9 _',
      `jobs.job.process.state.c.ttl: ${duration}`,
    ],
  ],
  [
    "secrets",
    () =>
      from(events).toSink(
        sink(async () => {}, { secrets: { token: secret("a b"), other: loose("crm"), fine: secret("crm") } }),
      ),
    [
      'jobs.job.functionSink[1].secrets.token: the name "a b": expected 1 to 100 of the characters a-z A-Z 0-9 . _ -',
      'jobs.job.functionSink[1].secrets.other: expected secret("a name"), found "crm"',
    ],
  ],
  [
    "a uid",
    () => keyed().aggregate(n, { uid: "a b" }).toCompacted(loose(compacted)),
    ['jobs.job.a b.uid: expected a-z A-Z 0-9 . _ -, found "a b"'],
  ],
  [
    "two of a kind",
    () => [window(tumbling("1m"))(), keyed().window(tumbling("2m")).aggregate(n).to(loose(results))],
    [
      'jobs.job.source: 2 steps have this uid: give each one of its own, { uid: "…" }',
      'jobs.job.window: 2 steps have this uid: give each one of its own, { uid: "…" }',
    ],
  ],
  [
    "options",
    () => from(events).to(events),
    [
      "jobs.job.memoryMb: expected a whole number from 128 to 10240, found 1",
      "jobs.job.memory: is not an option here",
    ],
    loose({ memoryMb: 1, memory: 2 }),
  ],
  [
    "per partition, with several topics",
    () => from([events, events]).to(events),
    ["jobs.job.parallelism: per-partition: expected one source of one topic"],
    { parallelism: "per-partition" },
  ],
  [
    "per partition, without a key",
    () => from(topic("plain", { schema: Event })).to(events),
    ["jobs.job.parallelism: per-partition: expected the topic plain to have a key field"],
    { parallelism: "per-partition" },
  ],
  [
    "per partition, by another key",
    () => from(events).keyBy("v").aggregate(n).toCompacted(loose(compacted)),
    ['jobs.job.aggregate: per-partition: expected keyBy("k"), the key of the topic events'],
    { parallelism: "per-partition" },
  ],
])("a mistake is told with its place: %s", (_what, build, expected, options) => {
  expect(faults(build, options)).toEqual(expected)
})

test("a job's name, twins, and what is no job", () => {
  const job = (name: string) => defineJob(name, () => from(events).to(events))
  expect(faultsOf(defineApp("app", { jobs: [job("a b")] }))).toEqual([
    expect.stringMatching(/^jobs\["a b"\]: the name "a b": /),
  ])
  expect(faultsOf(defineApp("app", { jobs: [job("a"), job("a")] }))).toEqual([
    "jobs.a: two jobs have this name",
  ])
  expect(faultsOf(defineApp("app", { jobs: [loose({})] }))).toEqual([
    "app.jobs[0]: expected a job, found an object",
  ])
  expect(
    faultsOf(defineApp("app", { jobs: [job("a")], stages: { prod: { jobs: { b: { memoryMb: 512 } } } } })),
  ).toEqual(["stages.prod.jobs.b: the app has no job of this name"])
  expect(faultsOf(defineApp("app", { jobs: [job("a")] }))).toEqual([])
})

// What a new definition of a job does to the one that stands.

const define = async (build: () => Sink | readonly Sink[], options?: JobOptions) =>
  (await loadApp(appOf(build, options))).jobs[0]

async function planned(
  before: Parameters<typeof appOf> | undefined,
  next: Parameters<typeof appOf> | undefined,
  stands: { owner?: "app:app" | "app:other" | "http"; attached?: boolean } = {},
): Promise<readonly string[]> {
  const definition = before === undefined ? undefined : await define(...before)
  const changes: Change[] = []
  planJob(
    definition && { owner: "app:app", attached: true, definition, ...stands },
    next && (await define(...next)),
    { owner: "app:app", changes },
  )
  return changes.map(({ kind, action, path, what, reason, remedy }) =>
    [`${kind} ${action} ${path}: ${what}`, reason, remedy].filter(part => part !== undefined).join(" | "),
  )
}

type Sources = (stream: Stream<Event>) => Sink
const job = (build: Sources, options: JobOptions = {}) => [() => build(from(events)), options] as const
const tumble = (size: `${number}m`, aggregates: object = n) =>
  job(stream => keyed(stream).window(tumbling(size)).aggregate(loose(aggregates)).to(loose(results)))
const drop = 'name it in dropState: ["window"] to begin anew without that state'

test.each<[string, Parameters<typeof appOf> | undefined, Parameters<typeof appOf> | undefined, string[]]>([
  ["a new job", undefined, [...tumble("1m")], ["safe create jobs.job: created"]],
  ["the same job", [...tumble("1m")], [...tumble("1m")], []],
  [
    "a job taken out",
    [...tumble("1m")],
    undefined,
    ["safe detach jobs.job: detached: it is sealed and its state kept"],
  ],
  [
    "another version",
    [...tumble("1m")],
    [tumble("1m")[0], { version: 2 }],
    ["safe alter jobs.job: version 1 → 2: a new generation, with the state of its positions, window"],
  ],
  [
    "quantities",
    [...tumble("1m")],
    [tumble("1m")[0], { memoryMb: 512, concurrency: 2, poison: "skip" }],
    [
      "safe alter jobs.job.memoryMb: 1024 → 512",
      "safe alter jobs.job.concurrency: unset → 2",
      "safe alter jobs.job.poison: fail → skip",
    ],
  ],
  [
    "aggregates that come and go",
    [...tumble("1m", { n: count(), s: sum(({ v }: Event) => v) })],
    [...tumble("1m", { n: count(), t: sum(({ v }: Event) => v) })],
    ["safe alter jobs.job: another graph: a new generation, with the state of its positions, window"],
  ],
  [
    "an aggregate of another kind",
    [...tumble("1m")],
    [...tumble("1m", { n: sum(({ v }: Event) => v) })],
    [`refused alter jobs.job.window: changed | its result: n is "count" → "sum" | ${drop}`],
  ],
  [
    "another window",
    [...tumble("1m")],
    [...tumble("2m")],
    [
      `refused alter jobs.job.window: changed | its assigner is {"kind":"tumbling","offsetMs":0,"sizeMs":60000,"time":"event"} → {"kind":"tumbling","offsetMs":0,"sizeMs":120000,"time":"event"} | ${drop}`,
    ],
  ],
  [
    "another window whose state may be lost",
    [...tumble("1m")],
    [tumble("2m")[0], { dropState: ["window"] }],
    [
      "safe alter jobs.job: another graph: a new generation, with the state of its positions",
      "safe alter jobs.job.window: its state is dropped, as dropState says",
    ],
  ],
  [
    "the same graph, one step to begin anew",
    [...tumble("1m")],
    [tumble("1m")[0], { dropState: ["window"] }],
    [
      "safe alter jobs.job: state dropped: a new generation, with the state of its positions",
      "safe alter jobs.job.window: its state is dropped, as dropState says",
    ],
  ],
  [
    "dropState that was heeded",
    [tumble("1m")[0], { dropState: ["window"] }],
    [tumble("1m")[0], { dropState: ["window"] }],
    [],
  ],
  [
    "a version later, with dropState that was heeded",
    [tumble("1m")[0], { dropState: ["window"] }],
    [tumble("1m")[0], { dropState: ["window"], version: 2 }],
    ["safe alter jobs.job: version 1 → 2: a new generation, with the state of its positions, window"],
  ],
  [
    "a step taken out",
    [...tumble("1m")],
    [...job(stream => stream.to(events))],
    [`refused alter jobs.job.window: window taken out | no step has this uid any more | ${drop}`],
  ],
  [
    "another kind under the uid",
    [...job(stream => keyed(stream).window(tumbling("1m"), { uid: "x" }).aggregate(n).to(loose(results)))],
    [...job(stream => keyed(stream).aggregate(n, { uid: "x" }).toCompacted(loose(compacted)))],
    [
      'refused alter jobs.job.x: changed | its kind is window → aggregate | name it in dropState: ["x"] to begin anew without that state',
    ],
  ],
  [
    "another key",
    [...job(stream => stream.keyBy("k").aggregate(n).toCompacted(loose(compacted)))],
    [...job(stream => stream.keyBy("v").aggregate(n).toCompacted(loose(compacted)))],
    [
      'refused alter jobs.job.aggregate: changed | its key is ["k"] → ["v"] | name it in dropState: ["aggregate"] to begin anew without that state',
    ],
  ],
  [
    "more partitions of work",
    [...tumble("1m")],
    [tumble("1m")[0], { parallelism: "per-partition" }],
    [
      "refused alter jobs.job.parallelism: single → per-partition | its state cannot be spread anew yet | define it under another name; it starts from startingOffsets",
      "safe alter jobs.job: another graph: a new generation, with the state of its positions, window",
    ],
  ],
])("plan: %s", async (_what, before, next, expected) => {
  expect(await planned(before, next)).toEqual(expected)
})

test("plan: whose job it is", async () => {
  expect(await planned([...tumble("1m")], [...tumble("1m")], { attached: false })).toEqual([
    "safe attach jobs.job: attached again: it goes on from where it was sealed",
  ])
  expect(await planned([...tumble("1m")], [...tumble("1m")], { owner: "app:other" })).toEqual([
    expect.stringMatching(
      /^refused attach jobs\.job: taken over \| it was made by .*other.* \| choose another name$/,
    ),
  ])
  expect(await planned([...tumble("1m")], undefined, { owner: "app:other" })).toEqual([])
  expect(await planned([...tumble("1m")], undefined, { attached: false })).toEqual([])
})
