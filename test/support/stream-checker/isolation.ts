import type { Anomaly } from "./anomaly.ts"
import type { Operation } from "./history.ts"
import type { Removable } from "./removed.ts"
import { reads, sends, type Versions } from "./versions.ts"

/** Reads of what failed, was never sent, or was not committed yet. */
export function checkReads(operations: readonly Operation[], versions: Versions): Anomaly[] {
  const found: Anomaly[] = []
  for (const operation of operations) {
    const { client, isolation } = operation
    for (const { value, partition, offset } of reads(operation)) {
      const text = (what: string) => `${client} polled ${value} at ${partition}@${offset}, ${what}`
      const sent = versions.sent.get(value)
      if (sent === undefined) {
        found.push({ kind: "phantom", text: text("which nobody sent") })
        continue
      }
      if (sent.send.partition !== partition) {
        found.push({ kind: "misplaced", text: text(`which was sent to ${sent.send.partition}`) })
      }
      const writer = sent.operation
      if (isolation === "read_uncommitted" && writer.transaction) continue
      if (writer.outcome === "fail") found.push({ kind: "G1a", text: text("which failed or was aborted") })
      if (writer === operation)
        found.push({ kind: "precommitted-read", text: text("which it was about to commit itself") })
      else if (writer.transaction && operation.ended < (writer.committing ?? 0)) {
        found.push({ kind: "precommitted-read", text: text("before its commit was asked for") })
      }
    }
  }
  return found
}

/** Where one record of a transaction was seen as committed, all of them are seen in the end. */
export function checkTorn(
  operations: readonly Operation[],
  versions: Versions,
  removable: Removable,
): Anomaly[] {
  const found: Anomaly[] = []
  for (const operation of operations) {
    if (!operation.transaction) continue
    const seen = sends(operation).find(({ value }) => versions.committed.has(value))
    if (seen === undefined) continue
    for (const { value, partition, key, offset = -1 } of sends(operation)) {
      if (versions.committed.has(value) || removable(partition, offset, key)) continue
      found.push({
        kind: "torn-transaction",
        text: `${operation.client}: ${seen.value} was read as committed, ${value} of the same transaction never`,
      })
    }
  }
  return found
}

/**
 * Circular information flow: transactions that read each other's writes in a ring. With the order of writes in it a
 * ring is allowed (G0, and G1c by it), since a log orders writes before their transactions are decided.
 */
export function checkCycles(operations: readonly Operation[], versions: Versions): Anomaly[] {
  const readers = new Map<Operation, Set<Operation>>()
  for (const operation of operations) {
    if (operation.outcome === "fail") continue
    for (const { value } of reads(operation)) {
      const writer = versions.sent.get(value)?.operation
      if (writer === undefined || writer === operation) continue
      if (operation.isolation === "read_uncommitted" && writer.transaction) continue
      const after = readers.get(writer)
      if (after === undefined) readers.set(writer, new Set([operation]))
      else after.add(operation)
    }
  }
  const ring = findRing(readers)
  if (ring === undefined) return []
  return [
    {
      kind: "G1c",
      text: `a ring of reads: ${ring.map(({ client, begun }) => `${client}:${begun}`).join(" → ")}`,
    },
  ]
}

/** A ring in the graph, if there is one: depth first, without recursion. */
function findRing(edges: ReadonlyMap<Operation, ReadonlySet<Operation>>): Operation[] | undefined {
  const done = new Set<Operation>()
  for (const start of edges.keys()) {
    if (done.has(start)) continue
    const path: { readonly at: Operation; readonly left: Iterator<Operation> }[] = []
    const onPath = new Set<Operation>()
    const enter = (at: Operation) => {
      path.push({ at, left: (edges.get(at) ?? new Set<Operation>()).values() })
      onPath.add(at)
    }
    enter(start)
    while (path.length > 0) {
      const { at, left } = path[path.length - 1]!
      const next = left.next()
      if (next.done === true) {
        path.pop()
        onPath.delete(at)
        done.add(at)
      } else if (onPath.has(next.value)) {
        return [...path.map(step => step.at), next.value]
      } else if (!done.has(next.value)) enter(next.value)
    }
  }
  return undefined
}
