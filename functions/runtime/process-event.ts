/** What `process` is started with, and what the queue of timers carries: tasks of a job that may have something to do. */
export interface ProcessEvent {
  readonly job: string
  readonly tasks: readonly number[]
}

const isTask = (value: unknown) => Number.isSafeInteger(value) && Number(value) >= 0

/** The event, if it is one. */
export function processEvent(value: unknown): ProcessEvent | undefined {
  if (typeof value !== "object" || value === null) return undefined
  const { job, tasks } = value as { job?: unknown; tasks?: unknown }
  if (typeof job !== "string" || job === "" || !Array.isArray(tasks) || !tasks.every(isTask)) return undefined
  return { job, tasks: tasks as number[] }
}

/** What is read of a queue's event. */
export interface QueueEvent {
  readonly Records: readonly { readonly eventSource?: string; readonly body?: string }[]
}

/** Whether an event comes from a queue, not from a stream of a table. */
export function isQueueEvent(event: { readonly Records: readonly object[] }): event is QueueEvent {
  const [first] = event.Records as QueueEvent["Records"]
  return first?.eventSource === "aws:sqs"
}

/** The wakes that messages carry; anything else in them is nobody's concern. */
export function wakesOfMessages({ Records }: QueueEvent): readonly ProcessEvent[] {
  return Records.flatMap(({ body = "" }) => {
    try {
      return processEvent(JSON.parse(body)) ?? []
    } catch {
      return []
    }
  })
}
