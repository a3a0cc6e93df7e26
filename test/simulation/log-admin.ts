import { LogError } from "../../shared/log/errors.ts"
import type { ClientContext } from "./log-clients.ts"
import { unavailableOnly } from "./log-readers.ts"
import type { TopicPlan } from "./log-scenario.ts"
import type { Prng } from "./prng.ts"

const HOUR_MS = 3_600_000

/** Makes a topic, asking again until it stands. */
export async function createTopic(context: ClientContext, topic: TopicPlan, prng: Prng): Promise<void> {
  const { hosts } = context
  for (;;) {
    const host = await hosts.pick(prng)
    const config: Record<string, string> =
      topic.compression === undefined ? {} : { "compression.type": topic.compression }
    const spec = { name: topic.name, partitions: topic.partitions, owner: "http", config } as const
    const called = await hosts.call(host, log => log.createTopic(spec))
    if (called.state === "done") return
    if (called.state === "failed") {
      const { error } = called
      if (error instanceof LogError && error.code === "topic_exists") return
      // A deletion that its process could not end is ended by whoever recovers.
      if (error instanceof LogError && error.code === "topic_being_deleted") await recover(context, prng)
      else if (!(error instanceof LogError && error.code === "outcome_unknown")) {
        const fault = unavailableOnly(error)
        if (fault !== undefined) return hosts.violated(`creation of ${topic.name}: ${fault}`)
      }
    }
    await hosts.pause(prng.magnitude(100, 60_000))
  }
}

/** What every home does from time to time. */
export async function recover(context: ClientContext, prng: Prng): Promise<void> {
  const { hosts } = context
  const host = await hosts.pick(prng)
  const called = await hosts.call(host, log => log.recover())
  if (called.state !== "failed" || isExpected(called.error)) return
  const fault = unavailableOnly(called.error)
  if (fault !== undefined) hosts.violated(`recovery: ${fault}`)
}

/** A deletion that others carry on with may find nothing left to do, or not learn how it ended. */
function isExpected(error: unknown): boolean {
  return error instanceof LogError && (error.code === "outcome_unknown" || error.code === "unknown_topic")
}

/** Deletes a topic. Once that is answered, all that stood under the name is closed. */
export async function deleteTopic(context: ClientContext, topic: TopicPlan, prng: Prng): Promise<void> {
  const { hosts, answers } = context
  for (;;) {
    const host = await hosts.pick(prng)
    const standing = [...answers.truth.topics.values()].filter(
      ({ name, closed }) => name === topic.name && !closed,
    )
    const deletion = answers.truth.deletions.begin(topic.name)
    const called = await hosts.call(host, log => log.deleteTopic(topic.name, "http"))
    if (called.state !== "lost" || called.goesOn !== true) answers.truth.deletions.end(deletion)
    if (called.state === "done") {
      const open = standing.filter(({ closed }) => !closed)
      if (open.length > 0) hosts.violated(`topic ${topic.name} was said to be deleted, and is not closed`)
      return
    }
    if (called.state === "failed") {
      const { error } = called
      if (error instanceof LogError && error.code === "unknown_topic") return
      if (!isExpected(error)) {
        const fault = unavailableOnly(error)
        if (fault !== undefined) return hosts.violated(`deletion of ${topic.name}: ${fault}`)
      }
    }
    if (context.stopping()) return
    await hosts.pause(prng.magnitude(100, 60_000))
  }
}

/** Deletes a topic and makes it anew while clients write and read under its name. */
export async function runAdmin(context: ClientContext, topic: TopicPlan, prng: Prng): Promise<void> {
  const { hosts } = context
  for (let done = 0; done < topic.recreations && !context.stopping(); done++) {
    await hosts.pause(prng.magnitude(100, HOUR_MS))
    // Two may ask at once.
    const deletions = [deleteTopic(context, topic, prng)]
    if (prng.chance(0.3)) deletions.push(deleteTopic(context, topic, prng))
    const recoveries = prng.chance(0.6) ? [recoverSoon(context, prng), recoverSoon(context, prng)] : []
    await Promise.all(deletions)
    const creations = [createTopic(context, topic, prng)]
    if (prng.chance(0.3)) creations.push(createTopic(context, topic, prng))
    await Promise.all([...creations, ...recoveries])
  }
}

/** Somebody's tick falls amid a deletion. */
async function recoverSoon(context: ClientContext, prng: Prng): Promise<void> {
  await context.hosts.pause(prng.magnitude(1, 100))
  await recover(context, prng)
}
