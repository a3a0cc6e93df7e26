import { deepStrictEqual } from "node:assert"
import type { ColumnType, TableSpec, UpsertStrategy } from "../../../shared/definition/table-spec.ts"
import { readManifests } from "../../../shared/serving/manifest/manifest-store.ts"
import { purgeTable } from "../../../shared/serving/purge/purge-table.ts"
import type { Fault, StoreCall } from "../../../shared/storage/memory/faults.ts"
import { memoryStores } from "../../../shared/storage/memory/memory-stores.ts"
import type { Ports } from "../../../shared/storage/time.ts"
import { Prng } from "../../simulation/prng.ts"
import { memoryPorts } from "../../support/memory-ports.ts"
import { KeyedLog, type TestRecord } from "./keyed-log.ts"
import { type KeyedServing, openKeyed, PinReader } from "./keyed-table.ts"
import { type ModelPurge, modelRows } from "./model.ts"

const PROCESSES = 2
/** Of each partition: mostly enough to carry one through. */
const STEPS_OF_ERASURE = 5

function drawSpec(prng: Prng): TableSpec {
  const kind = prng.pick(["full", "full", "partial", "partial", "dedup"])
  const type = prng.pick<ColumnType>(["timestamp", "long", "int", "double"])
  const ttl = type !== "double" && prng.chance(0.5) ? { ttlMs: 1 + prng.integer(20) } : {}
  const compare = prng.chance(0.75) ? { compare: "c", ...ttl } : {}
  const strategies: Record<string, UpsertStrategy> = {
    v: prng.pick(["increment", "min", "max", "overwrite", "ignore"]),
    s: prng.pick(["overwrite", "ignore"]),
  }
  const upsert = {
    ...(kind === "partial" ? { mode: "partial" as const, strategies } : {}),
    ...compare,
    ...(prng.chance(0.6) ? { delete: "d" } : {}),
  }
  return {
    name: "events",
    topic: "events",
    columns: [
      { name: "k", type: "string" },
      { name: "j", type: "int" },
      { name: "c", type },
      { name: "v", type: "int" },
      { name: "s", type: "string" },
      { name: "d", type: "boolean" },
    ],
    primaryKey: prng.chance(0.7) ? ["k"] : ["k", "j"],
    ...(prng.chance(0.3) ? { where: "v <> 13 OR v IS NULL" } : {}),
    ...(type === "timestamp" || type === "long" ? { time: "c" } : {}),
    ...(prng.chance(0.2) ? { sort: ["v"] } : {}),
    ...(kind === "dedup" ? { dedup: type === "timestamp" || type === "long" ? ttl : {} } : { upsert }),
  }
}

function drawRecord(
  prng: Prng,
  log: KeyedLog,
  keys: number,
  clock: number,
): { partition: number; record: TestRecord } {
  const key = `k${prng.integer(keys)}`
  const partition = prng.chance(0.03) ? prng.integer(log.partitions.length) : log.partitionOf(key)
  if (prng.chance(0.1)) return { partition, record: { key: prng.chance(0.1) ? null : key, value: null } }
  const value = {
    k: prng.chance(0.03) ? null : key,
    j: prng.integer(2),
    c: prng.chance(0.1) ? null : clock + prng.integer(30) - 15,
    v: prng.chance(0.1) ? null : prng.integer(20),
    ...(prng.chance(0.7) ? { s: `s${prng.integer(100)}` } : {}),
    d: prng.chance(0.1),
  }
  return { partition, record: { key: prng.chance(0.02) ? null : key, value } }
}

/** A process: once dead, none of its calls ever returns. */
interface Process extends KeyedServing {
  readonly death: Promise<"dead">
}

/** One seed's world: what the log holds, and processes that come and go. */
class Run {
  readonly prng: Prng
  readonly spec: TableSpec
  readonly log: KeyedLog
  readonly stores = memoryStores()
  readonly reader: PinReader
  readonly processes: Process[] = []
  readonly done = { flushes: 0, merges: 0, pins: 0, deaths: 0, purges: 0 }
  readonly #purges: ModelPurge[] = []
  /** Draws of its own: what else a seed does stays the same. */
  readonly erasing: Prng
  readonly #keys: number
  readonly #delays: readonly number[]
  #calls = 0
  #fault: { kind: Fault["kind"] | "crash"; after: number } | undefined
  #late: (() => void)[] = []
  #opened = 0

  constructor(seed: number) {
    this.prng = new Prng(`upsert ${seed}`)
    this.erasing = new Prng(`erase ${seed}`)
    this.spec = drawSpec(this.prng)
    this.log = new KeyedLog(1 + this.prng.integer(2))
    this.log.step = this.prng.pick([3, 1_000])
    this.reader = new PinReader(this.spec)
    this.#keys = this.prng.pick([3, 12, 60])
    this.#delays = Array.from({ length: 17 }, () => (this.prng.chance(0.5) ? 0 : this.prng.integer(40)))
  }

  open(): Process {
    let dead = false
    let die: (how: "dead") => void = () => {}
    const death = new Promise<"dead">(resolve => {
      die = resolve
    })
    const before = async (call: StoreCall): Promise<Fault | undefined> => {
      for (let turns = this.#delays[this.#calls++ % this.#delays.length]!; turns > 0; turns--) await undefined
      const fault = this.#due(call)
      if (fault === "crash") {
        dead = true
        die("dead")
      }
      return dead ? new Promise(() => {}) : (fault as Fault | undefined)
    }
    const ports = memoryPorts({ stores: this.stores, seed: ++this.#opened, faults: { before } })
    // Time passes at once.
    const clock: Ports["clock"] = { ...ports.clock, sleep: async ms => ports.advance(ms) }
    const loadEntriesMax = this.prng.pick([0, 20, 1_000_000])
    const options = { loadEntriesMax, shared: this.prng.chance(0.6) }
    return { ...openKeyed({ ...ports, clock }, this.log.log, options), death }
  }

  #due(call: StoreCall): Fault | "crash" | undefined {
    const fault = this.#fault
    const counts = call.key.startsWith("tab/") || call.key.startsWith("manifest#")
    if (fault === undefined || !counts || fault.after-- > 0) return undefined
    this.#fault = undefined
    if (fault.kind === "crash") return "crash"
    if (!call.write) return { kind: "unavailable" }
    if (fault.kind !== "late-apply") return { kind: fault.kind } as Fault
    return { kind: "late-apply", at: new Promise<void>(resolve => this.#late.push(resolve)) }
  }

  /** What a process does, and its successor's start should it die. */
  async #live<T>(process: number, work: (process: Process) => Promise<T>): Promise<T | undefined> {
    const own = this.processes[process]!
    const result = await Promise.race([work(own).catch(ifUnavailable), own.death])
    if (result !== "dead") return result
    this.done.deaths++
    if (this.processes[process] === own) this.processes[process] = this.open()
    return undefined
  }

  append(): void {
    const clock = this.log.partitions.reduce((sum, { length }) => sum + length, 0)
    for (let count = 1 + this.prng.integer(25); count > 0; count--) {
      const { partition, record } = drawRecord(this.prng, this.log, this.#keys, clock)
      this.log.append(partition, record)
    }
  }

  async build(process: number): Promise<void> {
    const partition = this.prng.integer(this.log.partitions.length)
    const done = await this.#live(process, ({ builder }) => builder.step("events", partition, true))
    if (done?.kind === "flushed") this.done.flushes++
  }

  async maintain(
    process: number,
    partition: number = this.prng.integer(this.log.partitions.length),
  ): Promise<void> {
    const done = await this.#live(process, ({ maintainer }) => maintainer.step("events", partition))
    if (done?.kind === "done") this.done.merges++
  }

  /** The answer must be what the log said at some moment between the query's start and its end. */
  async pin(process: number): Promise<void> {
    const least = this.log.partitions.map(({ length }) => length)
    const rows = await this.#live(process, async ({ source }) => {
      const pin = await source.pin("events")
      return pin && this.reader.rows(pin, this.log.partitions.length)
    })
    if (rows === undefined) return
    this.done.pins++
    const most = this.log.partitions.map(({ length }) => length)
    for (const [partition, shown] of rows.entries()) {
      const text = JSON.stringify(shown)
      let end = least[partition]!
      while (end <= most[partition]! && JSON.stringify(this.#model(partition, end)) !== text) end++
      if (end > most[partition]!) {
        deepStrictEqual(shown, this.#model(partition, most[partition]!))
      }
    }
  }

  #model(partition: number, end: number) {
    return modelRows(this.spec, this.log, partition, end, this.#purges)
  }

  /** Rows of high `v`: with nothing under way beside it, so that it is known how far flushes were. */
  async purge(): Promise<void> {
    const least = 8 + this.erasing.integer(12)
    const ports = memoryPorts({ stores: this.stores, seed: ++this.#opened })
    const { registry } = openKeyed(ports, this.log.log)
    const { tableId, ends } = await purgeTable(ports, registry, this.log.log, "events", `v >= ${least}`)
    const { manifests } = await readManifests(ports, tableId)
    this.#purges.push({ least, ends, from: manifests.map(({ position }) => position) })
    this.done.purges++
    if (this.erasing.chance(0.3)) {
      this.append()
      for (let process = 0; process < PROCESSES; process++) await this.build(process)
    }
    // Some are carried through at once, so that records come after them.
    await this.settle(this.erasing.pick([0, 3, 6]))
  }

  async settle(steps: number): Promise<void> {
    for (let step = 0; step < steps; step++) {
      for (const partition of this.log.partitions.keys()) await this.maintain(step % PROCESSES, partition)
    }
  }

  inject(): void {
    const kind = this.prng.pick([
      "crash",
      "timeout-before",
      "timeout-after",
      "late-apply",
      "hidden-retry",
    ] as const)
    this.#fault = { kind, after: this.prng.integer(6) }
  }

  calm(): void {
    this.#fault = undefined
    for (const land of this.#late.splice(0)) land()
  }
}

function ifUnavailable(error: { code?: string }): undefined {
  if (error.code !== "unavailable") throw error
  return undefined
}

/** What was done. Throws where a table is not its model. */
export async function runKeyedSeed(seed: number): Promise<Run["done"]> {
  const run = new Run(seed)
  const { prng } = run
  for (let process = 0; process < PROCESSES; process++) run.processes.push(run.open())
  await run.processes[0]!.registry.create(run.spec, "http")
  const isPartial = run.spec.upsert?.mode === "partial"
  for (let round = 4 + prng.integer(5); round > 0; round--) {
    const actions: Promise<void>[] = []
    for (let count = 1 + prng.integer(4); count > 0; count--) {
      const process = prng.integer(PROCESSES)
      const action = prng.pick([
        "append",
        "append",
        "build",
        "build",
        "build",
        "merge",
        "pin",
        "fault",
        "calm",
      ])
      if (action === "append") run.append()
      else if (action === "build") actions.push(run.build(process))
      else if (action === "merge") actions.push(run.maintain(process))
      else if (action === "pin") actions.push(run.pin(process))
      else if (action === "fault") run.inject()
      else run.calm()
    }
    await Promise.all(actions)
    if (run.erasing.chance(isPartial ? 0.4 : 0.05)) {
      run.calm()
      await run.purge()
    }
  }
  run.calm()
  for (let builds = 0; builds < PROCESSES; builds++) await run.build(builds)
  for (let process = 0; process < PROCESSES; process++) await run.pin(process)
  // What is forgotten after its time to live is asked for again, of another process than the one that forgot it.
  const forgets = isPartial && run.spec.upsert?.ttlMs !== undefined
  for (let round = forgets ? 12 : 0; round > 0; round--) {
    run.append()
    await run.build(round % 3 === 0 ? 1 : 0)
    await run.pin(1)
  }
  if (run.done.purges > 0) {
    await run.settle(STEPS_OF_ERASURE)
    run.append()
    for (let process = 0; process < PROCESSES; process++) await run.pin(process)
  }
  run.processes[0] = run.open()
  await run.pin(0)
  return run.done
}
