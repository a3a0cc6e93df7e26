import { count, defineApp, defineJob, from, secret, sink, topic, tumbling } from "millrace"
import * as z from "zod"

const Event = z.object({ key: z.string(), at: z.int(), does: z.string().optional() })
const Count = z.object({ key: z.string(), windowStart: z.int(), windowEnd: z.int(), events: z.int() })
const events = topic("events", { schema: Event, key: "key", eventTime: "at" })
const counts = topic("counts", { schema: Count, key: "key" })

/** Whatever a user's function may come to do. */
const deeds: Readonly<Record<string, () => void>> = {
  throw: () => {
    throw new Error("a mistake")
  },
  exit: () => process.exit(7),
  loop: () => {
    for (;;);
  },
  hoard: () => {
    const hoard: number[][] = []
    for (;;) hoard.push(Array.from({ length: 100_000 }, (_, i) => i / 3))
  },
  reject: () => void Promise.reject(new Error("nobody waits for this")),
}

const counted = defineJob("counted", () =>
  from(events)
    .filter(event => {
      deeds[event.does ?? ""]?.()
      if (event.does === "print") console.log("a word of the job's")
      return true
    })
    .keyBy("key")
    .window(tumbling("1m"))
    .aggregate({ events: count() })
    .to(counts),
)

const given = defineJob("given", () =>
  from(events).toSink(
    sink<z.input<typeof Event>>(async records => {
      if (records.some(({ does }) => does === "refuse")) throw new Error("the other side refused")
    }),
  ),
)

const guarded = defineJob("guarded", () =>
  from(events).toSink(
    sink(
      async (_: readonly z.input<typeof Event>[], { secrets }) => {
        if (secrets.token !== "let me in")
          throw new Error(`turned away with ${secrets.token.length} characters`)
      },
      { secrets: { token: secret("unruly.token") } },
    ),
  ),
)

export default defineApp("unruly", { topics: [events, counts], jobs: [counted, given, guarded] })
