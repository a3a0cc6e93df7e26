import type { Anomaly } from "./anomaly.ts"
import type { Operation, PollEvent, ReadRecord, SendEvent } from "./history.ts"
import type { Removable } from "./removed.ts"
import { isCommitted, sends, type Versions } from "./versions.ts"

/** A client's acknowledged sends to a partition take ascending offsets, within an operation and from one to the next. */
export function checkSendOrder(operations: readonly Operation[]): Anomaly[] {
  const found: Anomaly[] = []
  for (const own of byClient(operations).values()) {
    const last = new Map<string, SendEvent>()
    for (const operation of own) {
      if (operation.outcome !== "ok") continue
      const before = new Map(last)
      for (const send of sends(operation)) {
        if ((send.offset ?? -1) < 0) continue
        const previous = last.get(send.partition)
        last.set(send.partition, send)
        if (previous === undefined || previous.offset! < send.offset!) continue
        const outside = before.get(send.partition) === previous
        found.push({
          kind: outside ? "nonmonotonic-send" : "int-nonmonotonic-send",
          text: `${operation.client} sent ${previous.value}, which stands at ${at(previous)}, and then ${send.value}, at ${at(send)}`,
        })
      }
    }
  }
  return found
}

interface Position {
  readonly record: ReadRecord
  readonly poll: PollEvent
  readonly operation: Operation
}

/**
 * A reader gets a partition's records in their order and leaves none out: within one poll always; from one poll to the
 * next unless it moved its position, or the partitions come by subscription, when they may have gone to another and back.
 */
export function checkPollOrder(
  operations: readonly Operation[],
  versions: Versions,
  removable: Removable,
): Anomaly[] {
  const found: Anomaly[] = []
  for (const own of byClient(operations).values()) {
    const last = new Map<string, Position>()
    for (const operation of own) {
      for (const poll of operation.events) {
        if (poll.kind !== "poll") continue
        for (const partition of poll.repositioned ?? []) last.delete(partition)
        for (const record of poll.records) {
          const previous = last.get(record.partition)
          last.set(record.partition, { record, poll, operation })
          if (previous === undefined) continue
          const samePoll = previous.poll === poll
          if (!samePoll && operation.mode === "subscribe") continue
          const inside = samePoll || previous.operation === operation
          const step = { versions, removable, operation, from: previous.record, to: record }
          const broken = brokenStep(step)
          if (broken !== undefined)
            found.push({ kind: `${inside ? "int-" : ""}${broken.kind}`, text: broken.text })
        }
      }
    }
  }
  return found
}

interface Step {
  readonly versions: Versions
  readonly removable: Removable
  readonly operation: Operation
  readonly from: ReadRecord
  readonly to: ReadRecord
}

function brokenStep({ versions, removable, operation, from, to }: Step): Anomaly | undefined {
  const { client } = operation
  if (to.offset <= from.offset) {
    return { kind: "nonmonotonic-poll", text: `${client} polled ${at(from)} and then ${at(to)}` }
  }
  const { offsets, byOffset } = versions.partitions.get(to.partition)!
  for (let index = firstAbove(offsets, from.offset); offsets[index]! < to.offset; index++) {
    const offset = offsets[index]!
    const stands = [...byOffset.get(offset)!].some(value => isCommitted(versions, value))
    if (!stands || removable(to.partition, offset)) continue
    return {
      kind: "poll-skip",
      text: `${client} polled ${at(from)} and then ${at(to)}, though ${offset} holds ${[...byOffset.get(offset)!]}`,
    }
  }
  return undefined
}

function firstAbove(offsets: readonly number[], offset: number): number {
  let low = 0
  let high = offsets.length
  while (low < high) {
    const middle = (low + high) >> 1
    if (offsets[middle]! <= offset) low = middle + 1
    else high = middle
  }
  return low
}

function byClient(operations: readonly Operation[]): Map<string, Operation[]> {
  return Map.groupBy(operations, ({ client }) => client)
}

function at({ partition, offset }: { partition: string; offset?: number }): string {
  return `${partition}@${offset}`
}
