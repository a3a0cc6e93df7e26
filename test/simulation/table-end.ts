import type { TableActions } from "./table-actions.ts"
import type { TableChecker } from "./table-checker.ts"
import { expected, type TableNode } from "./table-node.ts"
import { TABLE } from "./table-records.ts"

/** Steps within which a calm builder is through with a partition. */
const STEPS_MAX = 20

/** In a calm world: what was half done is carried through, everything is built, and the table is its log exactly. */
export async function verifyEnd(
  node: TableNode,
  checker: TableChecker,
  actions: TableActions,
): Promise<void> {
  const { log, registry, source } = node
  await log.recover()
  await registry.recover()
  await pinWhole(checker, source).catch(error => expected(error, "reader"))
  if ((await registry.find(TABLE)) === undefined) await actions.create(node)
  const table = (await actions.attach(node)) ?? (await registry.find(TABLE))!.table
  for (let partition = 0; partition < table.partitions; partition++) {
    const before = checker.history.manifest(table.id, partition)?.position ?? 0
    await buildWhole(node, checker, partition)
    await maintainWhole(node, checker, partition)
    const { end } = checker.truthOf(table.id, partition)
    const position = checker.history.manifest(table.id, partition)?.position
    const whole = table.attached ? end : Math.max(table.stops?.[partition] ?? 0, before)
    if (position !== whole) checker.fail(`partition ${partition}: built up to ${position}, expected ${whole}`)
  }
  await pinWhole(checker, source)
  for (const { id, read, sizeBytes } of (await source.pin(TABLE))?.segments ?? []) {
    if ((await read()).length !== sizeBytes) checker.fail(`${id} is not as long as said`)
  }
}

/** In the end there is nothing more to be done, and nothing left of what was erased. */
async function maintainWhole(
  { maintainer }: TableNode,
  checker: TableChecker,
  partition: number,
): Promise<void> {
  for (let steps = 0; steps < STEPS_MAX * 4; steps++) {
    const { kind } = await maintainer.step(TABLE, partition)
    if (kind === "idle" || kind === "stopped") return
  }
  checker.fail(`partition ${partition} is not maintained after ${STEPS_MAX * 4} calm steps`)
}

async function pinWhole(checker: TableChecker, source: TableNode["source"]): Promise<void> {
  const start = checker.beginPin()
  await checker.endPin(start, await source.pin(TABLE))
}

async function buildWhole({ builder }: TableNode, checker: TableChecker, partition: number): Promise<void> {
  for (let steps = 0; steps < STEPS_MAX; steps++) {
    const result = await builder.step(TABLE, partition, true)
    if (result.kind === "waiting" && result.records === 0) return
    if (result.kind === "stopped") return
  }
  checker.fail(`partition ${partition} is not built after ${STEPS_MAX} calm steps`)
}
