import type { FunctionEnvironment } from "../environment.ts"
import type { Cloud } from "./cloud.ts"
import type { ProcessEvent } from "./process-event.ts"
import type { Meter } from "./report.ts"
import { SettingsError } from "./settings.ts"

/** Tasks that one invocation is woken for: while there is little to do they share it, else it sends the others on. */
export const TASKS_PER_WAKE = 8

/** The functions that run jobs, by job. @throws SettingsError */
export function readProcessFunctions(settings: FunctionEnvironment): ReadonlyMap<string, string> {
  const text = settings.MILLRACE_PROCESS_FUNCTIONS
  if (text === undefined || text === "") return new Map()
  try {
    return new Map(Object.entries(JSON.parse(text) as Record<string, string>))
  } catch {
    throw new SettingsError("environment: MILLRACE_PROCESS_FUNCTIONS: expected JSON, job → function")
  }
}

/** Wakes gathered by job and task, each once. */
export class JobWakes {
  readonly #tasks = new Map<string, Set<number>>()

  add(job: string, task: number): void {
    this.#tasks.set(job, (this.#tasks.get(job) ?? new Set()).add(task))
  }

  /** In groups of tasks that, as far as they can, stay the same from wake to wake. */
  events(): readonly ProcessEvent[] {
    return [...this.#tasks].flatMap(([job, tasks]) => {
      const sorted = [...tasks].sort((left, right) => left - right)
      const groups = Map.groupBy(sorted, task => Math.floor(task / TASKS_PER_WAKE))
      return [...groups.values()].map(group => ({ job, tasks: group }))
    })
  }
}

interface Handing {
  readonly cloud: Pick<Cloud, "invoker">
  readonly meter: Meter
}

/**
 * Hands wakes over, as far as there is a function for them: a job whose code was taken away has none.
 * @returns the errors of those that could not be handed over
 */
export async function handOver(
  { cloud, meter }: Handing,
  functions: ReadonlyMap<string, string>,
  wakes: JobWakes,
): Promise<readonly unknown[]> {
  const results = await Promise.allSettled(
    wakes.events().flatMap(event => {
      const name = functions.get(event.job)
      return name === undefined ? [] : [cloud.invoker.invokeLater(name, event)]
    }),
  )
  const lost = results.flatMap(result => (result.status === "rejected" ? [result.reason as unknown] : []))
  meter.count("WakesLost", lost.length)
  return lost
}
