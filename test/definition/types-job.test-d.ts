// Compiled, never run: what the compiler accepts and refuses in a job. `job-messages.test.ts` reads what it says.
import * as z from "zod"
import {
  approxCountDistinct,
  avg,
  boundedOutOfOrderness,
  collect,
  count,
  countIf,
  defineJob,
  from,
  max,
  percentiles,
  secret,
  session,
  sink,
  sum,
  topic,
  tumbling,
  valueState,
} from "../../shared/definition/index.ts"
import { testJob } from "../../shared/processing/test-driver/index.ts"

const Click = z.object({
  ad: z.string(),
  user: z.string().optional(),
  cost: z.int(),
  tags: z.array(z.string()),
  at: z.int(),
})
const clicks = topic("clicks", { schema: Click, key: "ad", eventTime: "at" })
const Count = z.object({ ad: z.string(), windowStart: z.int(), windowEnd: z.int(), clicks: z.int() })
const counts = topic("counts", { schema: Count, key: "ad" })
const Total = z.object({ ad: z.string(), clicks: z.int() })
const totals = topic("totals", { schema: Total, config: { "cleanup.policy": "compact" } })
const names = topic("names", { schema: z.object({ name: z.string() }) })

const stream = from(clicks, { watermark: boundedOutOfOrderness("5s") })
const windows = stream.keyBy("ad").window(tumbling("1m"), { allowedLateness: "10s", lateTo: clicks })

// What fits.
export const good = defineJob("good", () => [
  windows.aggregate({ clicks: count() }).to(counts),
  stream.keyBy("ad").aggregate({ clicks: count() }).toCompacted(totals),
  windows
    .aggregate({
      cost: sum(click => click.cost),
      mean: avg(click => click.cost),
      costly: countIf(click => click.cost > 5),
      users: approxCountDistinct(click => click.user ?? ""),
      top: max(click => click.cost),
      all: collect(click => click.tags),
      p: percentiles(click => click.cost, [0.5, 0.99]),
    })
    .map(row => {
      const { ad, windowStart, cost, mean, users, top, all, p } = row
      const typed: [
        string,
        number,
        number,
        number | null,
        number,
        number | null,
        readonly string[][],
        number | null,
      ] = [ad, windowStart, cost, mean, users, top, all, p[1]]
      return { name: String(typed) }
    })
    .to(names),
  stream
    .filter(click => click.user !== undefined)
    .keyByFn(click => click.tags.length)
    .process({
      emits: names,
      state: { last: valueState<number>() },
      onRecord(click, { key, state, emit }) {
        const last: number | undefined = state.last.get()
        state.last.set(click.cost + (last ?? 0))
        emit({ name: `${key.key + 1} ${click.ad}` })
      },
    })
    .toSink(sink<{ name: string }>(async () => {})),
])

// @ts-expect-error a window without a key
stream.window(tumbling("1m"))
// @ts-expect-error an aggregate on a stream without a key
stream.aggregate({ clicks: count() })
// @ts-expect-error an updating stream into a topic as it comes
stream.keyBy("ad").aggregate({ clicks: count() }).to(counts)
// @ts-expect-error rows that the topic's schema has not: no windows
stream.keyBy("ad").aggregate({ total: count() }).toCompacted(totals)
// @ts-expect-error a sink of another type: a field is missing
windows.aggregate({ cost: sum(click => click.cost) }).to(counts)
// @ts-expect-error a sink of another type: the records themselves
stream.to(counts)
// @ts-expect-error a sink of one's own, of another type
stream.toSink(sink<{ name: string }>(async () => {}))
// @ts-expect-error no such field to bring records together by
stream.keyBy("adId")
// @ts-expect-error a list is no key
stream.keyBy("tags")
// @ts-expect-error a list is no key of a function's either
stream.keyByFn(click => click.tags)
// @ts-expect-error no such field in a record
windows.aggregate({ cost: sum(click => click.costs) })
// @ts-expect-error text cannot be added
windows.aggregate({ cost: sum(click => click.ad) })
// @ts-expect-error not a duration
stream.keyBy("ad").window(tumbling("1 minute"))
// @ts-expect-error not an option
stream.keyBy("ad").window(tumbling("1m"), { lateness: "1m" })
// @ts-expect-error late records are of another type than the topic's
stream.keyBy("ad").window(tumbling("1m"), { lateTo: names })
stream.toSink(
  sink(
    async (records: readonly z.input<typeof Click>[], { id, secrets }) => {
      const told: string = `${id} ${secrets.token} ${records.length}`
      // @ts-expect-error a secret that the sink does not name
      await Promise.resolve([told, secrets.other])
    },
    { secrets: { token: secret("crm") } },
  ),
)
// @ts-expect-error a sink without secrets is given none
sink<{ name: string }>(async (_, { secrets }) => void secrets.token)
// @ts-expect-error a text is no secret
sink(async () => {}, { secrets: { token: "crm" } })

// @ts-expect-error a job without a sink
defineJob("none", () => stream)
// @ts-expect-error no such policy
defineJob("poison", () => stream.to(clicks), { poison: "ignore" })
// @ts-expect-error how often an id may be seen again has to be said
stream.keyBy("ad").deduplicate(click => click.ad)
stream.keyBy("ad").process({
  state: { n: valueState<number>() },
  // @ts-expect-error state of another type
  onRecord: (_click, { state }) => state.n.set("x"),
})
stream.keyBy("ad").process({
  emits: z.object({ name: z.string() }),
  // @ts-expect-error emits records of another type
  onRecord: (click, { emit }) => emit({ nam: click.ad }),
})
stream.keyBy("ad").window(session(click => (click as { cost: number }).cost))

const test = testJob(good)
test.push(clicks, { ad: "a", cost: 1, tags: [], at: 0 })
// @ts-expect-error a record of another type
test.push(clicks, { ad: "a" })
const found: readonly { ad: string; clicks: number }[] = test.output(counts)

export { found }
