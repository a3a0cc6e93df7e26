import type { SimProcess } from "./sim-process.ts"
import type { World } from "./world.ts"
import type { WorldCore } from "./world-core.ts"

/** Pending calls that a message lists for a process. */
const LISTED_MAX = 20

/** A run that failed: says the seed, the virtual time and who waits for what. */
export class SimulationError extends Error {
  override readonly name = "SimulationError"
}

/** How a call into a process ended: with it, perhaps. `goesOn`: nobody waits for it any more, and it is not over. */
export type Called<T> =
  | { readonly state: "done"; readonly value: T }
  | { readonly state: "failed"; readonly error: unknown }
  | { readonly state: "lost"; readonly goesOn?: boolean }

/** A piece of work that runs in a process. */
export interface SimTask<T> {
  readonly label: string
  readonly process: SimProcess
  /** `running` until it ends; `lost` when its process died first. */
  readonly state: "running" | "done" | "failed" | "lost"
  /** Once `done`. */
  readonly value?: T
  /** Once `failed`. */
  readonly error?: unknown
}

export function startTask<T>(
  core: WorldCore,
  process: SimProcess,
  work: () => Promise<T>,
  options: { readonly label?: string },
  onEnd: (failure?: { readonly cause: unknown }) => void,
): SimTask<T> {
  const task = {
    label: options.label ?? process.label,
    process,
    ended: "running" as "running" | "done" | "failed",
    value: undefined as T | undefined,
    error: undefined as unknown,
    get state() {
      return task.ended === "running" && process.crashed ? ("lost" as const) : task.ended
    },
  }
  core.deliver(process, 0, 10, () => {
    work().then(
      value => {
        task.value = value
        task.ended = "done"
        onEnd()
      },
      error => {
        task.error = error
        task.ended = "failed"
        onEnd({ cause: error })
      },
    )
  })
  return task as SimTask<T>
}

export function stuckMessage(
  what: string,
  world: World,
  running: readonly SimTask<unknown>[],
  cause: unknown,
): string {
  const lines = [`seed ${world.seed}: ${what} at ${new Date(world.now).toISOString()}, step ${world.steps}`]
  if (cause !== undefined) lines.push(cause instanceof Error ? (cause.stack ?? cause.message) : String(cause))
  if (running.length > 0) lines.push(`running: ${running.map(task => task.label).join(", ")}`)
  for (const process of world.processes) {
    if (process.pending.size === 0) continue
    const calls = [...process.pending].slice(0, LISTED_MAX)
    lines.push(`${process.label} waits for: ${calls.map(call => call.label).join(", ")}`)
  }
  if (running.length > 0) {
    lines.push("(A task that waits for no call waits for its own promises, or for real asynchronous work.)")
  }
  return lines.join("\n  ")
}
