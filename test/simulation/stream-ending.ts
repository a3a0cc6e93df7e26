import type { PartitionFacts, StreamHistory } from "../support/stream-checker/history.ts"
import type { Host } from "./log-hosts.ts"
import type { Prng } from "./prng.ts"
import { findTopic, partitionName, type StreamContext } from "./stream-context.ts"
import { drainGroups } from "./stream-groups.ts"
import { type Position, pollOnce } from "./stream-readers.ts"

const HOUR_MS = 3_600_000
/** Clients of a calm world come to an end within this: transactions' and members' time-outs are minutes. */
const END_MS_MAX = 200 * HOUR_MS
/** What the network still holds arrives. */
const LANDING_MS = 31 * HOUR_MS
const VERIFY_MS_MAX = 10 * HOUR_MS
const READ_BYTES = 5_000
/** Longer, all together, than a transaction may be open. */
const STOP_MS = 60_000
const STOPS_MAX = 20

/** All faults over: clients end what they began, and a reader that knows nothing reads all there is. */
export async function endStreamRun(
  context: StreamContext,
  clientsDone: () => boolean,
  prng: Prng,
): Promise<StreamHistory> {
  const { world, hosts } = context
  world.calm()
  await until(context, END_MS_MAX, clientsDone, "clients do not come to an end")
  hosts.stop()
  await world.run({ forMs: LANDING_MS })
  const verifier = hosts.start({ name: "verifier", skewMs: 0 }, { faults: false })
  const facts = new Map<string, PartitionFacts>()
  let verified = false
  const all = Promise.all([
    readEverything(context, verifier, facts, prng),
    drainGroups(context, prng.fork("drain")),
  ])
  void all.then(
    () => (verified = true),
    error => hosts.violated(`verifier: ${(error as Error).stack}`),
  )
  await until(context, VERIFY_MS_MAX, () => verified, "the verifier does not come to an end")
  const gone: PartitionFacts = { logStart: 0, compacted: false, deleted: true }
  return {
    operations: context.book.operations,
    facts: partition => facts.get(partition) ?? gone,
    complete: verified,
    tombstones: context.tombstones,
  }
}

async function until(
  context: StreamContext,
  ms: number,
  settled: () => boolean,
  what: string,
): Promise<void> {
  const { world, hosts } = context
  await world.run({ forMs: ms, until: () => settled() || context.broken() })
  if (!settled() && !context.broken()) hosts.violated(what)
}

async function readEverything(
  context: StreamContext,
  host: Host,
  facts: Map<string, PartitionFacts>,
  prng: Prng,
): Promise<void> {
  for (const { name, compacted } of context.scenario.topics) {
    const topic = await findTopic(context, prng, name, true)
    if (topic === undefined) {
      context.hosts.violated(`topic ${name} is not found in the end`)
      continue
    }
    for (let partition = 0; partition < topic.partitions; partition++) {
      const called = await context.hosts.call(host, log => log.offsets(topic.id, partition))
      if (called.state !== "done") throw new Error(`offsets of ${name}/${partition}: ${called.state}`)
      const { beginningOffset, endOffset } = called.value
      facts.set(partitionName(topic.id, partition), {
        logStart: beginningOffset,
        compacted,
        deleted: context.deleted.has(topic.id),
      })
      await readPartition(context, { topicId: topic.id, partition, offset: beginningOffset }, endOffset, prng)
    }
  }
}

async function readPartition(
  context: StreamContext,
  position: Position,
  end: number,
  prng: Prng,
): Promise<void> {
  const client = `verifier of ${partitionName(position.topicId, position.partition)}`
  let stopped = 0
  while (position.offset < end) {
    const before = position.offset
    const operation = context.book.begin(client)
    const { event } = await pollOnce(context, position, { maxBytes: READ_BYTES }, prng)
    if (event !== undefined) operation.events.push(event)
    context.book.end(operation, "ok")
    if (position.offset > before) continue
    // A reader that an overdue transaction stops has it decided, and goes on.
    if (++stopped > STOPS_MAX) return context.hosts.violated(`${client}: stands at ${before} of ${end}`)
    await context.hosts.pause(STOP_MS)
  }
}
