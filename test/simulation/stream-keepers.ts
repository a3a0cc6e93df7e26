import type { Prng } from "./prng.ts"
import { ask, findTopic, rest, type StreamContext } from "./stream-context.ts"
import type { StreamTopic } from "./stream-scenario.ts"

/** Makes a topic, asking again until it stands. */
export async function makeTopic(context: StreamContext, topic: StreamTopic, prng: Prng): Promise<void> {
  const config: Record<string, string> = topic.compacted
    ? { "cleanup.policy": "compact", "min.compaction.lag.ms": "0", "delete.retention.ms": "3600000" }
    : {}
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
