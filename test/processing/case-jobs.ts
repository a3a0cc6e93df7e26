import * as z from "zod"
import {
  boundedOutOfOrderness,
  collect,
  continuously,
  count,
  countWindow,
  cumulate,
  customTrigger,
  type Duration,
  defineJob,
  from,
  globalWindow,
  hopping,
  type Job,
  type KeyedStream,
  last,
  listState,
  mapState,
  monotonicTimestamps,
  noWatermark,
  onCount,
  onEventTime,
  onProcessingTime,
  type ProcessContext,
  punctuated,
  purging,
  reducingState,
  type Stream,
  session,
  sum,
  type Trigger,
  timeToLive,
  topic,
  tumbling,
  valueState,
  type WatermarkStrategy,
  type WindowAssigner,
} from "../../shared/definition/index.ts"

// The jobs of the case table, each from the words of a `job:` line.

export const Event = z.object({ k: z.string(), v: z.union([z.string(), z.number()]) })
export type Event = z.input<typeof Event>

const Row = z.record(z.string(), z.unknown())
export const input = topic("in", { schema: Event })
export const second = topic("b", { schema: Event })
export const output = topic("out", { schema: Row, config: { "cleanup.policy": "compact" } })

/** The words of a `job:` line: what to do, then names with their values. */
export class Words {
  readonly #words: string[]

  constructor(text: string) {
    this.#words = text.trim().split(/\s+/)
  }

  next(): string {
    return this.#words.shift() ?? ""
  }

  /** The value after a name; undefined: the name is not there. */
  after(name: string): string | undefined {
    const at = this.#words.indexOf(name)
    return at < 0 ? undefined : this.#words[at + 1]
  }

  /** The numbers that come next. */
  numbers(): number[] {
    const numbers: number[] = []
    while (/^-?\d+$/.test(this.#words[0] ?? "")) numbers.push(Number(this.#words.shift()))
    return numbers
  }
}

const ms = (number: number | string | undefined) => `${Number(number)}ms` as Duration

function strategyOf(text = "none"): WatermarkStrategy {
  const [, kind = "", argument] = /^(\w+)(?:\((\d+)\))?$/.exec(text) ?? []
  switch (kind) {
    case "monotonic":
      return monotonicTimestamps()
    case "bounded":
      return boundedOutOfOrderness(ms(argument))
    case "punctuated":
      return punctuated((event: Event, timestamp) =>
        event.v === "mark" || String(event.v).endsWith("!") ? timestamp : undefined,
      )
    default:
      return noWatermark()
  }
}

function sourceOf(words: Words, from_ = input): Stream<Event> {
  const idleAfter = words.after("idleAfter")
  return from(from_, {
    uid: from_.name,
    watermark: strategyOf(words.after("source")),
    bounded: words.after("bounded") !== undefined || (words.after("ends") === "first" && from_ === input),
    ...(idleAfter === undefined ? {} : { idleAfter: ms(idleAfter) }),
  })
}

function assignerOf(words: Words): WindowAssigner {
  const kind = words.next()
  const [size = 0, slide = 0] = words.numbers()
  const offset = words.after("offset")
  const options = {
    ...(words.after("time") === "processing" ? ({ time: "processing" } as const) : {}),
    ...(offset === undefined ? {} : { offset: ms(offset) }),
  }
  switch (kind) {
    case "tumbling":
      return tumbling(ms(size), options)
    case "hopping":
      return hopping(ms(size), ms(slide), options)
    case "cumulate":
      return cumulate(ms(size), ms(slide), options)
    case "session":
      return size === 0 ? session((event: Event) => Number(event.v), options) : session(ms(size), options)
    case "count":
      return countWindow(size, ...(slide === 0 ? [] : [slide]))
    default:
      return globalWindow()
  }
}

const custom = customTrigger<Event>({
  onRecord(event, _timestamp, context) {
    context.count++
    context.registerEventTimer(context.window.end - 1)
    return event.v === "now" ? "fireAndPurge" : "continue"
  },
  onEventTime: timestamp => (timestamp % 5 === 2 ? "continue" : "fire"),
  onProcessingTime: () => "continue",
  onMerge: context => context.registerEventTimer(context.window.start + 7),
})

function triggerOf(text: string): Trigger {
  const [, kind = "", argument = ""] = /^([\w-]+)(?:\((.*)\))?$/.exec(text) ?? []
  switch (kind) {
    case "purging":
      return purging(triggerOf(argument))
    case "count":
      return onCount(Number(argument))
    case "continuous":
      return continuously(ms(argument))
    case "continuous-processing":
      return continuously(ms(argument), { time: "processing" })
    case "processing":
      return onProcessingTime()
    case "custom":
      return custom
    default:
      return onEventTime()
  }
}

type ByKey = KeyedStream<Event, { k: string }>

function windowed(keyed: ByKey, words: Words) {
  const assigner = assignerOf(words)
  const lateness = words.after("lateness")
  const trigger = words.after("trigger")
  const windowed = keyed.window(assigner, {
    ...(lateness === undefined ? {} : { allowedLateness: ms(lateness) }),
    ...(trigger === undefined ? {} : { trigger: triggerOf(trigger) }),
  })
  switch (words.after("result")) {
    case "reduce":
      return windowed.reduce((left, right) => ({ k: left.k, v: `${left.v}${right.v}` })).to(output as never)
    case "process":
      return windowed
        .process((events, { key, window, watermark }) => [
          {
            ...key,
            v: [...events.map(({ v }) => v), `wm${watermark}`],
            windowStart: window.start,
            windowEnd: window.end,
          },
        ])
        .to(output as never)
    default:
      return windowed.aggregate({ v: collect(({ v }: Event) => v) }).to(output as never)
  }
}

const processStates = (words: Words) => {
  const ttl = words.after("ttl")
  const options =
    ttl === undefined
      ? {}
      : {
          ttl: timeToLive(ms(ttl), {
            update: words.after("update") === "readAndWrite" ? "readAndWrite" : "write",
            visibility: words.after("visibility") === "untilCleanedUp" ? "untilCleanedUp" : "neverExpired",
          }),
        }
  return {
    value: valueState<string>(options),
    list: listState<string>(options),
    map: mapState<string, string>(options),
    sum: reducingState<number>((left, right) => left + right, options),
    chain: mapState<number, number>(),
    every: valueState<number>({ initial: 0 }),
  }
}

type Context = ProcessContext<{ k: string }, ReturnType<typeof processStates>, unknown>

/** What an event's value tells the process function to do. What it gives back is emitted. */
const COMMANDS: Readonly<Record<string, (context: Context, ...args: string[]) => unknown>> = {
  e: ({ registerEventTimer }, time) => registerEventTimer(Number(time)),
  p: ({ registerProcessingTimer }, time) => registerProcessingTimer(Number(time)),
  "-e": ({ deleteEventTimer }, time) => deleteEventTimer(Number(time)),
  "-p": ({ deleteProcessingTimer }, time) => deleteProcessingTimer(Number(time)),
  chain({ state, registerEventTimer }, time, next) {
    state.chain.set(Number(time), Number(next))
    registerEventTimer(Number(time))
  },
  every(context, period) {
    context.state.every.set(Number(period))
    context.registerEventTimer(context.timestamp + Number(period))
    context.registerProcessingTimer(context.processingTime + Number(period))
  },
  set: ({ state }, value = "") => state.value.set(value),
  get: ({ state }) => state.value.get() ?? "none",
  clear: ({ state }) => state.value.clear(),
  add: ({ state }, value = "") => state.list.add(value),
  list: ({ state }) => state.list.get().join("+") || "none",
  put: ({ state }, key = "", value = "") => state.map.set(key, value),
  at: ({ state }, key = "") => state.map.get(key) ?? "none",
  all: ({ state }) => Array.from(state.map.entries(), entry => entry.join(":")).join("+") || "none",
  drop: ({ state }, key = "") => state.map.delete(key),
  plus: ({ state }, number) => state.sum.add(Number(number)),
  sum: ({ state }) => state.sum.get() ?? "none",
  side: ({ side, timestamp }, tag = "") => side(tag, timestamp),
  throw(_context, text) {
    throw new TypeError(text)
  },
  bomb({ state, registerEventTimer }, time) {
    state.chain.set(Number(time), -1)
    registerEventTimer(Number(time))
  },
}

function processed(keyed: ByKey, words: Words) {
  const state = processStates(words)
  return keyed
    .process({
      uid: "process",
      state,
      onRecord(event, context) {
        const [command = "", ...args] = String(event.v).split(".")
        const v = COMMANDS[command]?.(context, ...args)
        if (v !== undefined) context.emit({ ...context.key, v })
      },
      onEventTimer(timestamp, context) {
        const next = context.state.chain.get(timestamp)
        context.emit({ ...context.key, v: `e${timestamp}` })
        if (next === -1) throw new TypeError("boom")
        if (next !== undefined) context.registerEventTimer(next)
        const every = context.state.every.get() ?? 0
        if (every > 0) context.registerEventTimer(timestamp + every)
      },
      onProcessingTimer(timestamp, context) {
        context.emit({ ...context.key, v: `p${timestamp}` })
        const every = context.state.every.get() ?? 0
        if (every > 0) context.registerProcessingTimer(timestamp + every)
      },
    })
    .to(output as never)
}

/** The job that a `job:` line says. */
export function jobOf(text: string): Job {
  const words = new Words(text)
  const kind = words.next()
  const poison = words.after("poison") === "skip" ? "skip" : "fail"
  return defineJob(
    "case",
    () => {
      const keyed = sourceOf(words).keyBy("k")
      switch (kind) {
        case "window":
          return windowed(keyed, words)
        case "process":
          return processed(keyed, words)
        case "dedup":
          return keyed
            .deduplicate(event => event.v, { ttl: ms(words.next()) })
            .process<Event>({ onRecord: (event, { emit }) => emit(event) })
            .to(output as never)
        case "union": {
          const both = sourceOf(words).union(sourceOf(words, second))
          return windowed(both.keyBy("k"), words)
        }
        case "itself": {
          const stream = sourceOf(words)
          return windowed(stream.union(stream).keyBy("k"), words)
        }
        case "timestamps":
          return windowed(
            sourceOf(words)
              .assignTimestamps(event => Number.parseInt(String(event.v), 10), strategyOf(words.after("own")))
              .keyBy("k"),
            words,
          )
        case "aggregate": {
          const ttl = words.after("ttl")
          return keyed
            .aggregate(
              { n: count(), s: sum(event => Number(event.v)), last: last(event => event.v) },
              ttl === undefined ? {} : { ttl: timeToLive(ms(ttl)) },
            )
            .toCompacted(output as never)
        }
        default:
          return keyed
            .topN(Number(words.next()), {
              by: event => Number(String(event.v).split("/")[0]),
              order: words.after("order") === "asc" ? "asc" : "desc",
            })
            .toCompacted(output as never)
      }
    },
    { poison },
  )
}
