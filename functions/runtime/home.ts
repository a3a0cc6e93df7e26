import { openLog } from "../../shared/log/open-log.ts"
import type { LogOptions } from "../../shared/log/options.ts"
import type { Log } from "../../shared/log/types.ts"
import { TableRegistry } from "../../shared/serving/tables/table-registry.ts"
import type { FunctionEnvironment } from "../environment.ts"
import type { Base } from "./base.ts"

/** A function's world, and the engine over it. */
export interface Home<Settings extends FunctionEnvironment = FunctionEnvironment> extends Base<Settings> {
  readonly log: Log
  readonly tables: TableRegistry
}

/** Opens the engine. Nothing is read until it is asked for. */
export function openHome<Settings extends FunctionEnvironment>(
  base: Base<Settings>,
  options: Partial<LogOptions> = {},
): Home<Settings> {
  // An environment serves one request at a time: on partitions of their own, environments lose no slot to each other.
  const log = openLog(base.ports, { stickyUntil: "rivals", ...options })
  return { ...base, log, tables: new TableRegistry(base.ports, log) }
}

/** What every function with an engine does behind each invocation, and at its end. */
export function endings({ log }: Pick<Home, "log">): { idle(): Promise<void>; close(): Promise<void> } {
  return { idle: () => log.idle(), close: () => log.close() }
}
