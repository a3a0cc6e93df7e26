import { LogKeeper } from "../../shared/log/segments/log-keeper.ts"
import { StorageError } from "../../shared/storage/errors.ts"
import type { Prng } from "./prng.ts"
import type { SimProcess } from "./sim-process.ts"
import { ask, count, findTopic, rest, type StreamContext } from "./stream-context.ts"
import type { StreamTopic } from "./stream-scenario.ts"

/** Makes a topic, asking again until it stands. */
export async function makeTopic(context: StreamContext, topic: StreamTopic, prng: Prng): Promise<void> {
  const config: Record<string, string> = topic.compacted
    ? { "cleanup.policy": "compact", "min.compaction.lag.ms": "0", "delete.retention.ms": "3600000" }
    : topic.retentionMs === undefined
      ? {}
      : { "retention.ms": String(topic.retentionMs) }
  const spec = { name: topic.name, partitions: topic.partitions, owner: "http", config } as const
  for (;;) {
    const asked = await ask(context, prng, log => log.createTopic(spec))
    if (asked.state === "done") return
    if (asked.state === "refused") {
      if (asked.error.code === "topic_exists") return
      if (asked.error.code === "topic_being_deleted") await ask(context, prng, log => log.recover())
      else context.hosts.violated(`creation of ${topic.name}: ${asked.error.message}`)
    }
    await context.hosts.pause(prng.magnitude(100, 60_000))
  }
}

const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS
const KEEP_PAUSE_MS_MAX = 30 * HOUR_MS

/** Keeps the log in shape, in whatever process, while clients are at it: rounds of roll-up and all that follows. */
export async function runKeeper(context: StreamContext, prng: Prng): Promise<void> {
  const { hosts, scenario } = context
  const keepers = new Map<SimProcess, LogKeeper>()
  for (let done = 0; done < scenario.keepings && !context.stopping(); done++) {
    await hosts.pause(prng.magnitude(MINUTE_MS, KEEP_PAUSE_MS_MAX))
    const host = await hosts.pick(prng)
    const called = await hosts.call(host, async (log, process) => {
      const keeper = keepers.get(process) ?? newKeeper(process, prng)
      keepers.set(process, keeper)
      await log.transactions.settleOverdue()
      await log.groups.expire()
      return keeper.round()
    })
    if (called.state === "done") {
      const { faults, more, ...counts } = called.value
      for (const [what, times] of Object.entries(counts)) count(context, what, times)
    }
    const faults = called.state === "done" ? called.value.faults : []
    const errors = called.state === "failed" ? [called.error] : faults.map(({ error }) => error)
    for (const error of errors) {
      if (!(error instanceof StorageError || (error as { code?: string }).code === "outcome_unknown"))
        hosts.violated(`keeping: ${(error as Error).stack}`)
    }
  }
}

function newKeeper({ ports }: SimProcess, prng: Prng): LogKeeper {
  return new LogKeeper(ports, {
    roundEveryMs: prng.pick([0, MINUTE_MS]),
    choresEveryMs: prng.pick([0, HOUR_MS]),
  })
}

/** Deletes a topic and makes it anew, lets it grow, cuts off its beginning, while clients write and read. */
export async function runTopicAdmin(context: StreamContext, topic: StreamTopic, prng: Prng): Promise<void> {
  const todo = [
    ...Array<"recreate">(topic.recreations).fill("recreate"),
    ...Array<"grow">(topic.growth).fill("grow"),
    ...Array<"cut">(topic.cuts).fill("cut"),
  ]
  while (todo.length > 0 && !context.stopping()) {
    await context.hosts.pause(prng.magnitude(1_000, 600_000))
    const [next] = todo.splice(prng.integer(todo.length), 1)
    if (next === "recreate") await recreate(context, topic, prng)
    else if (next === "grow") await grow(context, topic, prng)
    else await cut(context, topic, prng)
    await rest(context, prng)
  }
}

async function recreate(context: StreamContext, topic: StreamTopic, prng: Prng): Promise<void> {
  const info = await findTopic(context, prng, topic.name, true)
  if (info === undefined) return
  context.deleted.add(info.id)
  for (;;) {
    const asked = await ask(context, prng, log => log.deleteTopic(topic.name, "http"))
    if (asked.state === "done") break
    if (asked.state === "refused" && asked.error.code === "unknown_topic") break
    await context.hosts.pause(prng.magnitude(100, 60_000))
  }
  await makeTopic(context, topic, prng)
}

async function grow(context: StreamContext, topic: StreamTopic, prng: Prng): Promise<void> {
  const info = await findTopic(context, prng, topic.name, true)
  if (info === undefined) return
  const partitions = info.partitions + 1
  await ask(context, prng, log => log.alterTopic(topic.name, "http", { partitions }))
}

async function cut(context: StreamContext, topic: StreamTopic, prng: Prng): Promise<void> {
  const info = await findTopic(context, prng, topic.name, true)
  if (info === undefined) return
  const partition = prng.integer(info.partitions)
  const known = await ask(context, prng, log => log.offsets(info.id, partition))
  if (known.state !== "done") return
  const before = prng.integer(known.value.lastStableOffset + 1)
  await ask(context, prng, log => log.deleteRecords(info.id, partition, before))
}
