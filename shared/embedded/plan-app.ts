import { existsSync } from "node:fs"
import { resolve } from "node:path"
import { plan, planText, refusals } from "../definition/plan.ts"
import { NOTHING_STORED } from "../definition/stored.ts"
import { planDeployment } from "../deployment/deploy.ts"
import { evaluateApp } from "../evaluation/evaluate.ts"
import { openLog } from "../log/open-log.ts"
import { checkExpression } from "../serving/expression/check.ts"
import { TableRegistry } from "../serving/tables/table-registry.ts"
import { localClock } from "../storage/local/clock.ts"
import { openLocalStores } from "../storage/local/local-stores.ts"
import { localRandom } from "../storage/local/random.ts"
import { localWake } from "../storage/local/wake.ts"

export interface PlannedApp {
  /** A line for each change. */
  readonly text: string
  readonly changes: number
  /** Of them: with any, nothing would be done. */
  readonly refused: number
  /** What the app file printed. */
  readonly printed: string
}

/**
 * What a start with this app would change in a data folder; a folder that does not exist is empty. Throws
 * `EvaluationError`, `DefinitionError`, `StorageError` (`folder_in_use` while a server runs).
 */
export async function planApp(app: string, data: string): Promise<PlannedApp> {
  const evaluated = await evaluateApp(resolve(app), { checkExpression })
  if ("error" in evaluated) throw evaluated.error
  const { definition, printed } = evaluated
  const told = (planned: ReturnType<typeof plan>): PlannedApp => ({
    text: planText(planned),
    changes: planned.changes.length,
    refused: refusals(planned).length,
    printed,
  })
  if (!existsSync(data)) return told(plan(NOTHING_STORED, definition))
  const { objects, meta, close } = await openStores(resolve(data))
  try {
    const ports = { objects, meta, clock: localClock(), random: localRandom(), wake: localWake() }
    const log = openLog(ports)
    const planned = await planDeployment({ ports, log, tables: new TableRegistry(ports, log) }, definition)
    await log.close()
    return told(planned)
  } finally {
    await close()
  }
}

async function openStores(folder: string) {
  const stores = await openLocalStores(folder)
  return { objects: stores.objects, meta: stores.meta, close: () => stores.close() }
}
