import * as z from "zod"
import { Faults } from "../../shared/definition/faults.ts"
import {
  boundedOutOfOrderness,
  type Duration,
  defineJob,
  from,
  type Job,
  type JobOptions,
  sum,
  topic,
  tumbling,
  valueState,
} from "../../shared/definition/index.ts"
import type { JobDefinition } from "../../shared/definition/job/job-definition.ts"
import { resolveJob } from "../../shared/definition/resolve-job.ts"

// Jobs whose results do not depend on how their input is cut into batches, and what those results are.

export const Click = z.object({ id: z.string(), user: z.string(), amount: z.int(), time: z.int() })
export type Click = z.input<typeof Click>
const Sum = z.object({ user: z.string(), windowStart: z.int(), windowEnd: z.int(), total: z.int() })
const Seen = z.object({ user: z.string(), n: z.int(), total: z.int() })

export const clicks = topic("clicks", { schema: Click, key: "user", eventTime: "time", partitions: 3 })
export const sums = topic("sums", { schema: Sum, key: "user", partitions: 2 })
export const seen = topic("seen", { schema: Seen, key: "user", partitions: 2 })

export const WINDOW_MS = 10_000
/** A record at this time ends every window before it. */
export const END = Date.UTC(2027, 0, 1)

interface ClickJobOptions extends JobOptions {
  readonly bounded?: boolean
  /** Steps beside the windows: what each user came to, record by record. */
  readonly seen?: boolean
  readonly startingOffsets?: "earliest" | "latest"
  readonly poisonId?: string
  /** How far out of order clicks may come. */
  readonly delay?: Duration
  /** Leave repeated clicks out. Default true. */
  readonly dedupe?: boolean
}

/** Sums of each user's clicks in windows of 10 s, repeated clicks left out; and a running count. */
export function clickJob(options: ClickJobOptions = {}): Job {
  const {
    bounded = false,
    seen: withSeen = true,
    startingOffsets,
    poisonId,
    delay = "20s",
    dedupe = true,
    ...jobOptions
  } = options
  return defineJob(
    "clicks",
    () => {
      const all = from(clicks, {
        bounded,
        watermark: boundedOutOfOrderness(delay),
        ...(startingOffsets === undefined ? {} : { startingOffsets }),
      })
        .map(click => {
          if (click.id === poisonId) throw new Error(`no ${click.id}`)
          return click
        })
        .keyBy("user")
      const once = dedupe ? all.deduplicate(click => click.id, { ttl: "1h" }) : all
      const windows = once
        .window(tumbling(`${WINDOW_MS}ms`))
        .aggregate({ total: sum(click => click.amount) })
        .filter(row => row.total > 0)
        .to(sums)
      const counted = once
        .process<
          z.input<typeof Seen>,
          { n: ReturnType<typeof valueState<number>>; total: ReturnType<typeof valueState<number>> }
        >({
          state: { n: valueState<number>(), total: valueState<number>() },
          onRecord: (click, context) => {
            if (click.amount === 0) return
            const n = (context.state.n.get() ?? 0) + 1
            const total = (context.state.total.get() ?? 0) + click.amount
            context.state.n.set(n)
            context.state.total.set(total)
            context.emit({ user: click.user, n, total })
          },
        })
        .to(seen)
      return withSeen ? [windows, counted] : [windows]
    },
    jobOptions,
  )
}

export function definitionOf(job: Job): JobDefinition {
  const faults = new Faults()
  const definition = resolveJob(job, faults)
  if (definition === undefined) throw new Error(JSON.stringify(faults.list))
  return definition
}

/** A record for each user that ends all windows; it counts for nothing. */
export function endOf(users: readonly string[]): readonly Click[] {
  return users.map(user => ({ id: `end-${user}`, user, amount: 0, time: END }))
}

/** Clicks of these users: in order but for a few seconds, some of them twice. */
export function randomClicks(
  next: (below: number) => number,
  count: number,
  users: readonly string[],
): Click[] {
  const made: Click[] = []
  for (let index = 0; index < count; index++) {
    const again = index > 5 && next(6) === 0 ? made[index - 1 - next(5)] : undefined
    const user = users[next(users.length)] as string
    const time = Date.UTC(2026, 0, 1) + index * 1_000 + next(9_000)
    made.push(again ?? { id: `c${index}`, user, amount: 1 + next(100), time })
  }
  return made
}

/** What the job comes to: rows of `sums`, and of `seen`, as sorted texts. */
export function oracle(
  input: readonly Click[],
  dedupe = true,
): { readonly sums: string[]; readonly seen: string[] } {
  const known = new Set<string>()
  const windows = new Map<string, number>()
  const users = new Map<string, { n: number; total: number }>()
  const rows: string[] = []
  for (const { id, user, amount, time } of input) {
    if (dedupe && known.has(`${user}/${id}`)) continue
    known.add(`${user}/${id}`)
    if (amount === 0) continue
    const start = Math.floor(time / WINDOW_MS) * WINDOW_MS
    windows.set(`${user}/${start}`, (windows.get(`${user}/${start}`) ?? 0) + amount)
    const at = users.get(user) ?? { n: 0, total: 0 }
    users.set(user, { n: at.n + 1, total: at.total + amount })
    rows.push(seenText({ user, n: at.n + 1, total: at.total + amount }))
  }
  const found = [...windows].map(([id, total]) => {
    const [user, start] = id.split("/") as [string, string]
    return sumText({ user, windowStart: Number(start), total })
  })
  return { sums: found.sort(), seen: rows.sort() }
}

export function sumText({
  user,
  windowStart,
  total,
}: {
  user: string
  windowStart: number
  total: number
}): string {
  return `${user}/${windowStart}=${total}`
}

export function seenText({ user, n, total }: { user: string; n: number; total: number }): string {
  return `${user}#${n}=${total}`
}
