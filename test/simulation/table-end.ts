import { DELETE_AFTER_READ_MS, ORPHAN_AGE_MS } from "../../shared/serving/maintain/collect-table.ts"
import { VECTORS_MAX } from "../../shared/serving/manifest/dead-offsets.ts"
import type { ObjectListing } from "../../shared/storage/object-store.ts"
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
    await maintainWhole(node, checker, table.id, partition)
    const { end } = checker.truthOf(table.id, partition)
    const position = checker.history.manifest(table.id, partition)?.position
    const whole = table.attached ? end : Math.max(table.stops?.[partition] ?? 0, before)
    if (position !== whole) checker.fail(`partition ${partition}: built up to ${position}, expected ${whole}`)
  }
  await collectWhole(node, checker, table.id)
  await pinWhole(checker, source)
  for (const { id, read, sizeBytes } of (await source.pin(TABLE))?.segments ?? []) {
    if ((await read()).length !== sizeBytes) checker.fail(`${id} is not as long as said`)
  }
}

/** In the end there is nothing more to be done, and nothing left of what was erased. */
async function maintainWhole(
  { maintainer }: TableNode,
  checker: TableChecker,
  tableId: string,
  partition: number,
): Promise<void> {
  for (let steps = 0; steps < STEPS_MAX * 4; steps++) {
    const { kind } = await maintainer.step(TABLE, partition)
    if (kind !== "idle" && kind !== "stopped") continue
    const manifest = checker.history.manifest(tableId, partition)
    if (manifest === undefined || manifest.vectors.length > VECTORS_MAX)
      checker.fail("vectors are not folded")
    const open = manifest?.purges.find(({ end }) => end <= manifest.position)
    if (open !== undefined) checker.fail(`partition ${partition}: the erasure up to ${open.end} is not done`)
    return
  }
  checker.fail(`partition ${partition} is not maintained after ${STEPS_MAX * 4} calm steps`)
}

/** A day later nothing is left but what manifests name. */
async function collectWhole(
  { collector, ports }: TableNode,
  checker: TableChecker,
  tableId: string,
): Promise<void> {
  // Twice: what was old enough at first is deleted before the rest is looked for.
  for (const ms of [ORPHAN_AGE_MS, DELETE_AFTER_READ_MS, ORPHAN_AGE_MS, DELETE_AFTER_READ_MS]) {
    await ports.clock.sleep(ms + 60_000)
    await collector.round(() => true)
  }
  const named = checker.history.named()
  for (let after: string | undefined = ""; after !== undefined; ) {
    const page: ObjectListing = await ports.objects.list(`tab/${tableId}/`, after === "" ? {} : { after })
    const left = page.objects.find(({ key }) => !named.has(key))
    if (left !== undefined) checker.fail(`${left.key} is left, and nothing names it`)
    after = page.next
  }
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
