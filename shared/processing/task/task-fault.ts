import type { Poison, PoisonTimer } from "../engine/engine.ts"
import type { JobFault } from "../jobs/job-item.ts"
import type { MissingRecords, TaskInput } from "./inputs.ts"

/** What a user's function threw on, for people. */
export function faultOf(task: number, poison: Poison, inputs: readonly TaskInput[]): JobFault {
  if ("operator" in poison) {
    const { error, operator, kind, time, key } = poison
    return { task, error, timer: { operator, kind, time, key } }
  }
  const { error, topicId, partition, offset, record } = poison
  const input = inputs.find(at => at.topicId === topicId && at.partition === partition)
  return { task, error, at: { topic: input?.topic ?? topicId, partition, offset }, record }
}

/** Records were deleted before they were read. */
export function missingFault(task: number, { input, start }: MissingRecords): JobFault {
  const { topic, partition, next } = input
  const deleted = `${start - next} records from offset ${next} on were deleted before they were read`
  const error = `${deleted}: expected a resume that skips what is missing, or a reset`
  return { task, error, at: { topic, partition, offset: next }, missingTo: start }
}

/** Whether two faults are one: what was left out and is met again would be met for ever. */
export function isSame(left: Poison, right: Poison): boolean {
  if ("offset" in left && "offset" in right) {
    return (
      left.topicId === right.topicId && left.partition === right.partition && left.offset === right.offset
    )
  }
  return "operator" in left && "operator" in right && timerText(left) === timerText(right)
}

function timerText({ operator, kind, time, key }: PoisonTimer): string {
  return `${operator} ${kind} ${time} ${key}`
}
