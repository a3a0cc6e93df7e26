import { setImmediate } from "node:timers/promises"
import type { RestConsumers } from "../api/consumers/rest-consumers.ts"
import type { Log } from "../log/types.ts"
import type { Ports } from "../storage/time.ts"
import { consumerLoop } from "./consumer-loop.ts"
import { expiryLoop } from "./expiry-loop.ts"
import { logLoop } from "./maintain/log-loop.ts"
import { overdueLoop } from "./overdue-loop.ts"
import { resultLoop } from "./result-loop.ts"

export interface UpkeepOptions {
  readonly ports: Ports
  readonly log: Log
  readonly consumers: RestConsumers
  readonly signal: AbortSignal
  readonly onFault: (what: string, error: unknown) => void
}

/** What a deployment's tick does beside tables and jobs, for as long as the process runs. */
export async function upkeep({ ports, log, consumers, signal, onFault }: UpkeepOptions): Promise<void> {
  const { clock } = ports
  const told = (what: string) => (error: unknown) => onFault(what, error)
  await Promise.all([
    consumerLoop(consumers, clock, signal, told("idle consumer instances")),
    resultLoop(ports, signal, told("kept answers")),
    overdueLoop(log, clock, signal, told("open transactions")),
    expiryLoop(log, clock, signal, told("groups")),
    logLoop({ ports, signal, breathe: () => setImmediate(), onFault }),
  ])
}
