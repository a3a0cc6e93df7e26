import type { Anomaly } from "../support/stream-checker/anomaly.ts"
import { checkDerived } from "../support/stream-checker/derived.ts"
import type { StreamHistory } from "../support/stream-checker/history.ts"
import { removable } from "../support/stream-checker/removed.ts"
import { isCommitted, type Versions, versionsOf } from "../support/stream-checker/versions.ts"
import type { Prng } from "./prng.ts"
import type { StreamContext } from "./stream-context.ts"
import { Member, noteReads } from "./stream-members.ts"
import type { StreamGroup } from "./stream-scenario.ts"

const BEAT_MS = 20_000
/** Members that are gone are noticed by then, and what they had is given away: sessions and hand-overs last a minute. */
const ROUNDS_MAX = 60
/** It has everything once so many rounds brought nothing. */
const QUIET_ROUNDS = 10

/** For each group a last member that reads until nothing comes any more: it has to be given every partition. */
export async function drainGroups(context: StreamContext, prng: Prng): Promise<void> {
  await Promise.all(context.scenario.groups.map(group => drainGroup(context, group, prng.fork(group.name))))
}

async function drainGroup(context: StreamContext, group: StreamGroup, prng: Prng): Promise<void> {
  const member = new Member(context, { ...group, statics: false }, `last of ${group.name}`, prng)
  let quiet = 0
  for (let round = 0; round < ROUNDS_MAX && quiet < QUIET_ROUNDS; round++) {
    await member.beat()
    quiet++
    const rounds = member.positions.length * (quiet > 1 ? 1 : 3)
    for (let poll = 0; poll < rounds; poll++) {
      const operation = context.book.begin(`last of ${group.name}`, { mode: "subscribe" })
      const records = await member.poll(operation)
      context.book.end(operation, "ok")
      noteReads(context, group.name, records)
      if (records.length > 0) quiet = 0
    }
    await member.commit()
    await context.hosts.pause(BEAT_MS)
  }
}

/** A group gets everything at least once, and makes of it, inside transactions, something once. */
export function checkGroups(context: StreamContext, history: StreamHistory): Anomaly[] {
  const found: Anomaly[] = []
  const versions = versionsOf(history)
  const mayBeGone = removable(history, versions)
  for (const group of context.scenario.groups) {
    const read = context.groupReads.get(group.name) ?? new Set()
    for (const { partition, byOffset } of versions.partitions.values()) {
      const name = context.topicNames.get(partition.slice(0, partition.lastIndexOf("/")))
      if (name === undefined || !group.topics.includes(name)) continue
      for (const [offset, values] of byOffset) {
        const missed = [...values].find(value => isCommitted(versions, value) && !read.has(value))
        if (missed !== undefined && !mayBeGone(partition, offset))
          found.push({
            kind: "unseen by group",
            text: `${missed} at ${partition}@${offset} by ${group.name}`,
          })
      }
    }
  }
  return [...found, ...checkDerived(ofStandingTopics(context, versions), versions)]
}

/** What was made of topics that stand: with a deleted one a group's offsets in it are forgotten, and what it holds may be read anew. */
function ofStandingTopics({ derived, deleted }: StreamContext, versions: Versions): Map<string, string> {
  const stands = ([, of]: [string, string]) => {
    const [source] = of.split(" by ", 1) as [string]
    const topicId = versions.sent.get(source)?.send.partition.split("/", 1)[0]
    return topicId === undefined || !deleted.has(topicId)
  }
  return new Map([...derived].filter(stands))
}
