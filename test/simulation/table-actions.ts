import { vectorPointer } from "../../shared/serving/manifest/dead-offsets.ts"
import { commitManifest, readManifest } from "../../shared/serving/manifest/manifest-store.ts"
import { purgeTable } from "../../shared/serving/purge/purge-table.ts"
import { encodeDeadVector } from "../../shared/serving/segment/dead-vector.ts"
import { companionKey } from "../../shared/serving/segment/segment-key.ts"
import { TableError } from "../../shared/serving/tables/table-error.ts"
import type { TableInfo } from "../../shared/serving/tables/table-item.ts"
import { notAfter } from "../../shared/storage/not-after.ts"
import type { Prng } from "./prng.ts"
import type { TableChecker } from "./table-checker.ts"
import { isWithin, whereOf } from "./table-erasures.ts"
import { expected, type TableNode } from "./table-node.ts"
import { drawRecord, sourceOf, TABLE, TOPIC, tableSpec } from "./table-records.ts"

export type TableAction =
  | "append"
  | "build"
  | "maintain"
  | "pin"
  | "alter"
  | "detach"
  | "drop"
  | "topic"
  | "recover"
  | "purge"
  | "kill"
  | "collect"

export interface ActionOptions {
  readonly prng: Prng
  readonly partitions: number
  readonly badRecords: "skip" | "null"
  readonly sort: readonly string[]
  readonly budgets: Readonly<Record<TableAction, number>>
  readonly pauseMs: number
  readonly forceChance: number
  /** Each record's value is about so much longer; default 0. */
  readonly padBytes?: number
  /** Rows are kept for so long; default for ever. */
  readonly retentionMs?: number
}

/** What never meets a topic that is not there, but by the table that reads it. */
const READING: ReadonlySet<TableAction> = new Set(["pin", "build"])
/** Records of one append. */
const APPEND_RECORDS_MAX = 6
const CLOCK_SKEW_MS_MAX = 10 * 3_600_000
const OWNER = "http"

/** What processes do to a table; each kind of action has a budget that all processes share. */
export class TableActions {
  pins = 0
  readonly #checker: TableChecker
  readonly #options: ActionOptions
  readonly #prng: Prng
  readonly #left: Record<TableAction, number>
  #ids = 0

  constructor(checker: TableChecker, options: ActionOptions) {
    this.#checker = checker
    this.#options = options
    this.#prng = options.prng
    this.#left = { ...options.budgets }
  }

  /** Whether all budgets are used up. */
  get done(): boolean {
    return Object.values(this.#left).every(left => left <= 0)
  }

  get partitions(): number {
    return this.#options.partitions
  }

  pauseMs(): number {
    return this.#prng.around(this.#options.pauseMs)
  }

  skewMs(): number {
    return Math.round((this.#prng.fraction() * 2 - 1) * CLOCK_SKEW_MS_MAX)
  }

  /** What every process does, side by side. */
  readonly loops: readonly ((node: TableNode) => Promise<void>)[] = [
    node => this.#loop(node, ["append"]),
    node => this.#loop(node, ["build"]),
    node => this.#loop(node, ["maintain"]),
    // Two at once: queries of one process share rounds of pinning.
    node => this.#loop(node, ["pin"]),
    node => this.#loop(node, ["pin"]),
    node => this.#loop(node, ["alter", "detach", "drop", "topic", "recover"]),
    node => this.#loop(node, ["purge", "kill", "collect"]),
  ]

  async #loop(node: TableNode, kinds: readonly TableAction[]): Promise<void> {
    for (;;) {
      if (this.done) return
      await node.ports.clock.sleep(this.pauseMs() * (kinds.length > 1 ? 4 : 1))
      const kind = this.take(kinds)
      if (kind !== undefined) await this.act(node, kind)
    }
  }

  /** Takes one of the kinds whose budget is not used up. */
  take(kinds: readonly TableAction[]): TableAction | undefined {
    const left = kinds.filter(kind => this.#left[kind] > 0)
    if (left.length === 0) return undefined
    const kind = this.#prng.pick(left)
    this.#left[kind]--
    return kind
  }

  /** Does it once; a failure that faults explain is passed over. */
  async act(node: TableNode, kind: TableAction): Promise<void> {
    try {
      await this[kind](node)
    } catch (error) {
      expected(error, READING.has(kind) ? "reader" : "writer")
    }
  }

  async append({ log }: TableNode, partition = this.#prng.integer(this.partitions)): Promise<void> {
    const count = 1 + this.#prng.integer(APPEND_RECORDS_MAX)
    const pad = this.#options.padBytes ?? 0
    const records = Array.from({ length: count }, () => drawRecord(this.#prng, ++this.#ids, pad))
    const part = { partition, records: sourceOf(records) }
    for (const result of await log.append({ topic: TOPIC, parts: [part] })) {
      if ("error" in result) expected(result.error, "writer")
      else this.#checker.acknowledged(result.partition, result.baseOffset, result.count, records[0]!.key)
    }
  }

  async build({ builder }: TableNode): Promise<void> {
    const partition = this.#prng.integer(this.partitions)
    const force = this.#prng.chance(this.#options.forceChance)
    const result = await builder.step(TABLE, partition, force)
    if (result.kind === "flushed") this.#checker.flushed(partition, result.position)
  }

  async maintain({ maintainer }: TableNode): Promise<void> {
    await maintainer.step(TABLE, this.#prng.integer(this.partitions))
  }

  /** Erases some of the records so far, by their ids. */
  async purge({ ports, registry, log }: TableNode): Promise<void> {
    const low = this.#prng.integer(this.#ids + 1)
    const range = { low, high: low + this.#prng.integer(4) }
    const erasure = this.#checker.erasures.begin((_, { id }) => isWithin(range, id))
    const { tableId, ends } = await purgeTable(ports, registry, log, TABLE, whereOf(range))
    this.#checker.erasures.acknowledge(erasure, tableId, ends)
  }

  /** Adds a vector of one offset, as builders of tables with keys do. */
  async kill({ ports, registry }: TableNode): Promise<void> {
    const found = await registry.find(TABLE)
    if (found === undefined) return
    const partition = this.#prng.integer(this.partitions)
    const { manifest, date } = await readManifest(ports, found.table.id, partition)
    if (manifest === undefined || manifest.closed || manifest.position === 0) return
    const dead = this.#prng.integer(manifest.position)
    const erasure = this.#checker.erasures.begin((of, { offset }) => of === partition && offset === dead)
    const body = encodeDeadVector({ offsets: Float64Array.of(dead) })
    const vector = vectorPointer(ports.random.id(), { offsets: Float64Array.of(dead) }, body)
    const key = companionKey(manifest.tableId, partition, "dead", vector.id)
    const put = await ports.objects.put(key, body, { ifAbsent: true, notAfter: notAfter(date) })
    if (put.outcome !== "committed") return
    const next = { ...manifest, vectors: [...manifest.vectors, vector], version: ports.random.id() }
    const outcome = await commitManifest(ports, manifest, next, notAfter(date, [put.date]))
    const ends = Array.from({ length: this.partitions }, () => Number.POSITIVE_INFINITY)
    if (outcome === "committed") this.#checker.erasures.acknowledge(erasure, manifest.tableId, ends)
  }

  async collect({ collector }: TableNode): Promise<void> {
    await collector.round(() => true)
  }

  async pin({ source }: TableNode): Promise<void> {
    const start = this.#checker.beginPin()
    const pin = await source.pin(TABLE)
    await this.#checker.endPin(start, pin)
    this.pins++
    const [segment] = pin?.segments ?? []
    if (segment !== undefined) await segment.read()
  }

  /** Adds or hides a column; what comes right after must have it. */
  async alter(node: TableNode): Promise<void> {
    const wide = this.#prng.chance(0.7)
    const table = await node.registry.alter(tableSpec({ ...this.#options, wide }), OWNER)
    if (!wide) return
    this.#checker.added(table)
    for (let partition = 0; partition < this.partitions; partition++) await this.append(node, partition)
  }

  /** Stops the table for a while. */
  async detach(node: TableNode): Promise<void> {
    await node.registry.detach(TABLE, OWNER)
    await node.ports.clock.sleep(3 * this.pauseMs())
    await this.alter(node)
  }

  async drop(node: TableNode): Promise<void> {
    await node.registry.drop(TABLE, OWNER)
    await this.create(node)
  }

  /** Deletes the topic under the table; the next one of its name is another topic, and so must be the table. */
  async topic(node: TableNode): Promise<void> {
    await node.log.deleteTopic(TOPIC, OWNER)
    await node.log.createTopic({ name: TOPIC, partitions: this.partitions, owner: OWNER })
    // By whichever process comes to it.
    this.#left.drop += 2
  }

  async recover(node: TableNode): Promise<void> {
    await node.log.recover()
    await node.registry.recover()
    if ((await node.registry.find(TABLE)) === undefined) await this.create(node)
  }

  /** Makes the topic and the table where they are missing. */
  async create({ log, registry }: TableNode): Promise<void> {
    const topic = { name: TOPIC, partitions: this.partitions, owner: OWNER } as const
    await log.createTopic(topic).catch(error => expected(error, "writer"))
    const spec = tableSpec({ ...this.#options, wide: false })
    const { topics } = this.#checker
    const before = topics.length - 1
    const table = await registry.create(spec, OWNER).catch(error => expected(error, "writer"))
    if (table !== undefined && !topics.slice(before).includes(table.topicId)) {
      this.#checker.fail(`a table of topic ${table.topicId}, not of ${topics.slice(before)}`)
    }
  }

  /** The table with its added column, attached; undefined when its topic is another one by now. */
  async attach({ registry }: TableNode): Promise<TableInfo | undefined> {
    const next = tableSpec({ ...this.#options, wide: true })
    const table = await registry.alter(next, OWNER).catch(error => {
      // Its topic may have been made anew meanwhile: then it stays as it is.
      if (error instanceof TableError && error.code === "alteration_refused") return undefined
      throw error
    })
    if (table !== undefined) this.#checker.added(table)
    return table
  }
}
