import { LogError } from "../log/errors.ts"
import type { Log, TopicInfo } from "../log/types.ts"
import type { Access } from "./auth/access.ts"
import type { LogMetrics, PartitionMetrics } from "./prometheus-log.ts"

/** Partitions shown: the end of each is a read. */
export const METRIC_PARTITIONS_MAX = 500
/** Groups whose lag is shown: each costs a query, and a read for each of its partitions. */
export const METRIC_GROUPS_MAX = 20
/** Reads at once. */
const READS_AT_ONCE = 16

interface At {
  readonly topic: TopicInfo
  readonly partition: number
}

/** The log's figures that a caller may know: of topics and groups in the order of their names, as far as the bounds go. */
export async function logMetrics(log: Log, access: Access): Promise<LogMetrics> {
  const topics = (await log.listTopics()).filter(({ name }) =>
    access.may({ kind: "topic", name, action: "read" }),
  )
  const places: At[] = []
  let omitted = 0
  for (const topic of topics) {
    const room = Math.min(topic.partitions, METRIC_PARTITIONS_MAX - places.length)
    for (let partition = 0; partition < room; partition++) places.push({ topic, partition })
    omitted += topic.partitions - room
  }
  const figures = log.figures()
  const shown = await inTurns(
    places,
    async ({ topic: { id, name: topic }, partition }): Promise<PartitionMetrics> => {
      return {
        topic,
        partition,
        offsets: await log.offsets(id, partition),
        traffic: figures.partition(id, partition),
      }
    },
  )
  const isWhole = access.may({ kind: "topic", name: "*", action: "read" })
  return {
    partitions: shown,
    omitted,
    lags: await lagsOf(log, access),
    flushes: isWhole ? figures.flushes : undefined,
  }
}

async function lagsOf(log: Log, access: Access): Promise<LogMetrics["lags"]> {
  const groups = (await log.groups.list())
    .map(({ group }) => group)
    .filter(name => access.may({ kind: "group", name, action: "read" }))
    .slice(0, METRIC_GROUPS_MAX)
  const lags = await inTurns(groups, async group =>
    (await log.groups.lag(group)).map(lag => ({ ...lag, group })),
  )
  return lags.flat().filter(({ topic: name }) => access.may({ kind: "topic", name, action: "read" }))
}

/** What is gone by the time that it is asked for is left out. */
async function inTurns<T, R>(all: readonly T[], ask: (one: T) => Promise<R>): Promise<R[]> {
  const found: R[] = []
  for (let first = 0; first < all.length; first += READS_AT_ONCE) {
    const some = all.slice(first, first + READS_AT_ONCE)
    const answers = await Promise.all(some.map(one => ask(one).catch(ifGone)))
    found.push(...answers.filter(answer => answer !== undefined))
  }
  return found
}

function ifGone(error: unknown): undefined {
  const gone = ["topic_deleted", "unknown_topic", "unknown_partition", "unknown_group"]
  if (error instanceof LogError && gone.includes(error.code)) return undefined
  throw error
}
