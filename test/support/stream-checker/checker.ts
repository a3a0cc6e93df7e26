import type { Anomaly } from "./anomaly.ts"
import type { StreamHistory } from "./history.ts"
import { checkCycles, checkReads, checkTorn } from "./isolation.ts"
import { checkPollOrder, checkSendOrder } from "./order.ts"
import { type Removable, removable } from "./removed.ts"
import { type Versions, versionsOf } from "./versions.ts"

/**
 * What is wrong with a history; nothing in a good one. The list and its names are those of Jepsen's checker of Kafka
 * (`jepsen.tests.kafka`), with the exceptions that it allows and no others: G0 always, sends of others between one's own
 * (`int-send-skip`), skips and returns from poll to poll under `subscribe`, and G1c where the order of writes is in the
 * ring. To that come torn transactions, values that nobody sent, and reads before a commit was asked for.
 */
export function checkStream(history: StreamHistory): Anomaly[] {
  const versions = versionsOf(history)
  const mayBeGone = removable(history, versions)
  const { operations } = history
  return [
    ...checkPlaces(versions),
    ...checkLosses(history, versions, mayBeGone),
    ...checkReads(operations, versions),
    ...checkSendOrder(operations),
    ...checkPollOrder(operations, versions, mayBeGone),
    ...(history.complete ? checkTorn(operations, versions, mayBeGone) : []),
    ...checkCycles(operations, versions),
  ]
}

/** One value an offset, one offset a value. */
function checkPlaces(versions: Versions): Anomaly[] {
  const found: Anomaly[] = []
  for (const { partition, byOffset } of versions.partitions.values()) {
    for (const [offset, values] of byOffset) {
      if (values.size > 1)
        found.push({ kind: "inconsistent-offsets", text: `${partition}@${offset} holds ${[...values]}` })
    }
  }
  for (const [value, places] of versions.places) {
    if (places.size > 1) found.push({ kind: "duplicate", text: `${value} stands at ${[...places]}` })
  }
  return found
}

/** What was acknowledged is read by somebody, once somebody has read past it, or to the end. */
function checkLosses(history: StreamHistory, versions: Versions, mayBeGone: Removable): Anomaly[] {
  const found: Anomaly[] = []
  for (const [value, { send, operation }] of versions.sent) {
    if (operation.outcome !== "ok" || versions.read.has(value)) continue
    const { partition, offset = -1 } = send
    if (mayBeGone(partition, offset)) continue
    if (offset < 0) {
      if (history.complete)
        found.push({ kind: "unseen", text: `${value}, acknowledged in ${partition}, is never read` })
      continue
    }
    const passed = offset < (versions.partitions.get(partition)?.highestRead ?? -1)
    if (passed) {
      found.push({
        kind: "lost-write",
        text: `${value}, acknowledged at ${partition}@${offset}, is never read`,
      })
    } else if (history.complete) {
      found.push({ kind: "unseen", text: `${value}, acknowledged at ${partition}@${offset}, is never read` })
    }
  }
  return found
}
