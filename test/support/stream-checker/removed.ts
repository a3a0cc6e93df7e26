import type { StreamHistory } from "./history.ts"
import { isCommitted, type Versions } from "./versions.ts"

/**
 * Tells whether a record may be absent by right. An offset of −1: nobody was told where it stands. The key, where it is known
 * by other means than by somebody's having read the record.
 */
export type Removable = (partition: string, offset: number, key?: string) => boolean

/**
 * A record may be gone below the log's start, in a topic that was deleted, or, where the topic is compacted, when the
 * key has a newer record, or may have one, or the record is a tombstone.
 */
export function removable(history: StreamHistory, versions: Versions): Removable {
  const { newest, doubtful } = newestOfKeys(versions)
  const isOlder = (partition: string, offset: number, key: string | undefined) => {
    if (key === undefined) return false
    const name = `${partition} ${key}`
    return doubtful.has(name) || (newest.get(name) ?? -1) > offset
  }
  return (partition, offset, key) => {
    const facts = history.facts(partition)
    if (facts.deleted) return true
    if (offset < 0) return facts.logStart > 0 || facts.compacted
    if (offset < facts.logStart) return true
    if (!facts.compacted) return false
    if (isOlder(partition, offset, key)) return true
    for (const value of versions.partitions.get(partition)?.byOffset.get(offset) ?? []) {
      if (history.tombstones?.has(value)) return true
      if (isOlder(partition, offset, versions.sent.get(value)?.send.key)) return true
    }
    return false
  }
}

/** By partition and key: the highest offset known to stand, and whether a record of unknown outcome may stand higher. */
function newestOfKeys(versions: Versions) {
  const newest = new Map<string, number>()
  const doubtful = new Set<string>()
  for (const [value, { send, operation }] of versions.sent) {
    if (send.key === undefined) continue
    if (!isCommitted(versions, value)) {
      if (operation.outcome === "unknown") doubtful.add(`${send.partition} ${send.key}`)
      continue
    }
    for (const place of versions.places.get(value) ?? []) {
      const at = place.lastIndexOf("@")
      const name = `${place.slice(0, at)} ${send.key}`
      newest.set(name, Math.max(newest.get(name) ?? -1, Number(place.slice(at + 1))))
    }
    if (!versions.places.has(value)) doubtful.add(`${send.partition} ${send.key}`)
  }
  return { newest, doubtful }
}
