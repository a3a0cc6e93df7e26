import { LogError } from "../errors.ts"
import type { Log, TopicInfo } from "../types.ts"
import { subscribes } from "./group-change.ts"
import type { GroupTopic } from "./group-item.ts"
import { inParallel } from "./in-parallel.ts"
import { GROUP_TOPICS_MAX } from "./limits.ts"
import type { Subscription } from "./types.ts"

/**
 * Those topics that subscriptions mean and that exist, by reads that begin after this call: one for each topic, or one list of
 * all where there is a pattern. In the order of their names. Throws `group_too_large`.
 */
export async function lookAtTopics(
  log: Pick<Log, "topic" | "listTopics">,
  subscriptions: readonly Subscription[],
): Promise<GroupTopic[]> {
  const topics = subscriptions.some(subscription => "pattern" in subscription)
    ? await log.listTopics()
    : await namedTopics(log, subscriptions)
  const means = [...new Set(subscriptions)].map(subscribes)
  return topics
    .filter(({ name }) => means.some(meant => meant(name)))
    .map(({ id, name, partitions }) => ({ id, name, partitions }))
    .sort((a, b) => (a.name < b.name ? -1 : 1))
}

async function namedTopics(
  log: Pick<Log, "topic">,
  subscriptions: readonly Subscription[],
): Promise<TopicInfo[]> {
  const names = [...new Set(subscriptions.flatMap(each => ("topics" in each ? each.topics : [])))]
  if (names.length > GROUP_TOPICS_MAX) {
    const message = `the group's members name ${names.length} topics, at most ${GROUP_TOPICS_MAX}`
    throw new LogError("group_too_large", message, { detail: { max: GROUP_TOPICS_MAX } })
  }
  const found = await inParallel(names, name => log.topic(name, true).catch(onlyUnknown))
  return found.filter(topic => topic !== undefined)
}

/** A topic that is not there yet is read once it is. */
function onlyUnknown(error: unknown): undefined {
  if (error instanceof LogError && error.code === "unknown_topic") return undefined
  throw error
}
