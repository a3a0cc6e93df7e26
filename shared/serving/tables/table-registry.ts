import { LRUCache } from "lru-cache"
import { canonicalJson } from "../../definition/canonical.ts"
import { isKeyed } from "../../definition/growth.ts"
import { TABLE_TOPIC_PREFIX } from "../../definition/records.ts"
import type { TableSpec } from "../../definition/table-spec.ts"
import { LogError } from "../../log/errors.ts"
import type { Log, Owner, TopicInfo } from "../../log/types.ts"
import type { Item } from "../../storage/meta-store.ts"
import { notAfter } from "../../storage/not-after.ts"
import { readAgain, settlePut } from "../../storage/settle.ts"
import type { Ports } from "../../storage/time.ts"
import { compileSchema } from "../ingest/schema.ts"
import { newManifest, type Purge } from "../manifest/manifest.ts"
import { createManifest } from "../manifest/manifest-store.ts"
import { alterTable } from "./alter.ts"
import { dropTable } from "./drop.ts"
import { checkPurges, isShadowOf, purgesToKeep, type RebuildStep, swapRebuilt } from "./rebuild.ts"
import { TableError } from "./table-error.ts"
import {
  decodeTable,
  encodeTable,
  isShadow,
  nameOfShadow,
  type Rebuild,
  schemaVersionOf,
  shadowName,
  TABLES_PK,
  type TableInfo,
} from "./table-item.ts"

export type RegistryPorts = Pick<Ports, "meta" | "objects" | "clock" | "random">

/** A table and the store date of the read that found it. */
export interface TableRead {
  readonly table: TableInfo
  readonly date: number
}

/** Tables kept decoded: each query asks for its table's item again, and finds what it knows. */
const TABLES_KEPT = 1_024

/** Manifests made at once while a table is created. */
const MANIFESTS_AT_ONCE = 16

/**
 * Names, definitions and lives of tables. Nothing is cached: every answer is a consistent read. Errors are
 * `TableError`, beside `LogError` (`unknown_topic`) and `StorageError`.
 */
export class TableRegistry {
  readonly #ports: RegistryPorts
  readonly #log: Log
  // Counted by size: `max` would make room for all of them at the start.
  readonly #kept = new LRUCache<string, TableInfo>({ maxSize: TABLES_KEPT, sizeCalculation: () => 1 })

  constructor(ports: RegistryPorts, log: Log) {
    this.#ports = ports
    this.#log = log
  }

  /** An item's version names its content: no two writes have one. */
  #decoded(item: Item): TableInfo {
    const key = `${item.sk}#${item.version}`
    const known = this.#kept.get(key)
    if (known !== undefined) return known
    const table = decodeTable(item)
    this.#kept.set(key, table)
    return table
  }

  /** The table, unless it is being made or dropped; undefined when there is none. */
  async find(name: string): Promise<TableRead | undefined> {
    return isShadow(name) ? undefined : this.findBuilt(name)
  }

  /** As `find`, but also a table that is built anew and does not stand yet. */
  async findBuilt(name: string): Promise<TableRead | undefined> {
    const read = await this.#read(name)
    return read.table?.state === "open" ? { table: read.table, date: read.date } : undefined
  }

  /** All tables that can be queried, by name. */
  async list(): Promise<readonly TableInfo[]> {
    return (await this.listBuilt()).filter(table => !isShadow(table.spec.name))
  }

  /** All tables that segments are made of: those that are built anew, too. */
  async listBuilt(): Promise<readonly TableInfo[]> {
    return (await this.#all()).filter(table => table.state === "open")
  }

  /**
   * Makes a table, whose manifests exist before it can be queried. It consumes its topic from the log's start.
   * Throws `table_exists`, `table_being_dropped`, `invalid_table`, `outcome_unknown`.
   */
  async create(definition: TableSpec, owner: Owner): Promise<TableInfo> {
    return this.#make(definitionOf(definition), owner)
  }

  async #make(spec: TableSpec, owner: Owner, rebuild?: Rebuild): Promise<TableInfo> {
    checkSchema(spec)
    const topic = await this.#log.topic(spec.topic, true)
    await this.#checkDeadLetters(spec)
    const read = await this.#read(spec.name)
    if (read.table !== undefined) throw await this.#exists(read.table, read.date)
    const table: TableInfo = {
      id: this.#ports.random.id(),
      owner,
      attached: true,
      state: "creating",
      topicId: topic.id,
      partitions: topic.partitions,
      spec,
      hidden: [],
      schemas: [spec.columns],
      created: read.date,
      ...(rebuild === undefined ? {} : { rebuild }),
      version: this.#ports.random.id(),
    }
    const options = { condition: { absent: true } as const, notAfter: notAfter(read.date) }
    const put = await settlePut(this.#ports, "meta", encodeTable(table), options)
    if (put.outcome === "unknown") throw unknown(spec.name)
    if (put.outcome === "refused") throw await this.#lost(spec.name, put.standing, put.date)
    return this.#open(table, read.date)
  }

  /**
   * Gives a table a new definition. Nothing changes when it has that already; a detached one is attached again. Where
   * the rows that stand do not allow it and `rebuild` does, a table is built anew beside this one, which stands until
   * `settleRebuild` finds the other ready.
   * Throws `unknown_table`, `managed_by_app`, `invalid_table`, `alteration_refused`, `outcome_unknown`, `unknown_topic`.
   */
  async alter(definition: TableSpec, by: Owner): Promise<TableInfo> {
    checkSchema(definition)
    const next = definitionOf(definition)
    const { table, date } = await this.#owned(next.name, by)
    await this.#checkDeadLetters(next)
    const renewed = await this.#isRenewed(table)
    if (renewed && definition.rebuild !== true) throw madeAnew(table)
    const altered = renewed ? { rebuild: true as const } : alterTable(table, definition)
    if ("refused" in altered) {
      const [first] = altered.refused
      throw new TableError(
        "alteration_refused",
        `${first!.path}: ${first!.what}: ${first!.reason}; ${first!.remedy}`,
      )
    }
    if ("rebuild" in altered) return this.#rebuild(table, next)
    await this.#dropShadow(next.name)
    const after = { ...altered.table, spec: { ...definitionOf(altered.table.spec) } }
    return isSame(after, table) ? table : this.#replace(table, after, date)
  }

  /** Begins to build a table anew, unless that is under way. */
  async #rebuild(table: TableInfo, next: TableSpec): Promise<TableInfo> {
    const name = shadowName(next.name)
    const { table: shadow, date } = await this.#read(name)
    if (shadow !== undefined && shadow.state !== "dropping" && isShadowOf(shadow, table, next)) {
      if (shadow.state === "creating") await this.#open(shadow, date)
      return table
    }
    await this.#dropShadow(next.name)
    const topic = await this.#log.topic(next.topic, true)
    const rebuild: Rebuild = {
      of: table.id,
      version: table.version,
      topicId: table.topicId,
      ends: await this.#ends(topic.id, topic.partitions),
    }
    checkPurges(next, await purgesToKeep(this.#ports, { ...table, topicId: topic.id, rebuild }))
    await this.#make({ ...next, name }, table.owner, rebuild)
    return table
  }

  /**
   * Puts a table that was built anew in its place, if it is ready; drops it, if nobody wants it any more.
   * @param name of the shadow, as `listBuilt` gives it
   */
  async settleRebuild(name: string): Promise<RebuildStep> {
    const { table: shadow } = await this.#read(name)
    if (shadow?.state !== "open") return "waiting"
    const { table, date } = await this.#read(nameOfShadow(name))
    try {
      const step = await swapRebuilt(this.#ports, shadow, table, date)
      if (step === "obsolete") await this.#dropShadow(nameOfShadow(name))
      return step
    } catch (error) {
      // Somebody else is at it, or the next start will be.
      if (error instanceof TableError) return "lost"
      throw error
    }
  }

  async #dropShadow(name: string): Promise<void> {
    const { table, date } = await this.#read(shadowName(name))
    if (table === undefined) return
    const dropping =
      table.state === "dropping" ? table : await this.#replace(table, { ...table, state: "dropping" }, date)
    await dropTable(this.#ports, dropping, date)
  }

  #ends(topicId: string, partitions: number): Promise<readonly number[]> {
    const offsets = Array.from({ length: partitions }, async (_, partition) => {
      const { lastStableOffset } = await this.#log.offsets(topicId, partition)
      return lastStableOffset
    })
    return Promise.all(offsets)
  }

  /**
   * Stops a table at the ends that its partitions have now: what is below stays in its answers, and it consumes no
   * more until it is attached again by `alter`.
   */
  async detach(name: string, by: Owner): Promise<TableInfo> {
    const { table, date } = await this.#owned(name, by)
    if (!table.attached) return table
    const stops = await this.#ends(table.topicId, table.partitions)
    return this.#replace(table, { ...table, attached: false, stops }, date)
  }

  /**
   * Drops a table: its name is free at once, its objects are collected later; the topic behind one that jobs write to goes
   * with it. One that its app no longer names anybody may drop. Throws `unknown_table`, `managed_by_app`,
   * `outcome_unknown`.
   */
  async drop(name: string, by: Owner): Promise<void> {
    const read = await this.#read(name)
    const owner = read.table?.attached === false ? read.table.owner : by
    const { table, date } = await this.#owned(name, owner, ["open", "dropping"])
    await this.#dropShadow(name)
    const dropping =
      table.state === "dropping" ? table : await this.#replace(table, { ...table, state: "dropping" }, date)
    await dropTable(this.#ports, dropping, date)
    const { topic } = table.spec
    if (topic.startsWith(TABLE_TOPIC_PREFIX)) await this.#log.deleteTopic(topic, by).catch(ifNotOurs)
  }

  /** Gives every table of a topic the partitions that it has grown by. Throws as `follow`. */
  async followTopic(topic: Pick<TopicInfo, "id">): Promise<void> {
    for (const table of await this.listBuilt()) if (table.topicId === topic.id) await this.follow(table)
  }

  /**
   * Gives a table the partitions that its topic has grown by, as of up to a minute ago, or, with `anew`, as of now. One that is detached gets them when
   * it is attached again. No topic of a table with keys may grow: where one did in the moment in which the table was made,
   * this throws `LogError` (`invalid_topic`), every time.
   */
  async follow(table: TableInfo, anew = false): Promise<TableInfo> {
    const { spec, topicId, attached, partitions } = table
    if (!attached) return table
    const topic = await this.#log.topicById(topicId, anew).catch(ifDeleted)
    if (topic === undefined || topic.partitions <= partitions) return table
    if (!isKeyed(spec)) return this.grow(table, topic.partitions)
    throw new LogError(
      "invalid_topic",
      `table ${spec.name}: its topic ${topic.name} has grown from ${partitions} to ${topic.partitions} partitions, so that keys may be in two; drop the table, and make it over a topic that no longer grows`,
    )
  }

  /** Adds manifests for partitions that the topic has grown by. */
  async grow(table: TableInfo, partitions: number): Promise<TableInfo> {
    const { table: now, date } = await this.#owned(table.spec.name, table.owner)
    if (now.id !== table.id || now.partitions >= partitions) return now
    await this.#makeManifests(now.id, now.partitions, partitions, date)
    return this.#replace(now, { ...now, partitions }, date)
  }

  /** Carries on what crashes interrupted: tables half made or half dropped. */
  async recover(): Promise<void> {
    for (const { spec } of await this.#all()) {
      const { table, date } = await this.#read(spec.name)
      if (table?.state === "creating") await this.#open(table, date)
      if (table?.state === "dropping") await dropTable(this.#ports, table, date)
    }
  }

  async #read(name: string): Promise<{ readonly table: TableInfo | undefined; readonly date: number }> {
    const key = { pk: TABLES_PK, sk: name }
    const { item, date } = await readAgain(this.#ports, () => this.#ports.meta.get("meta", key))
    return { table: item === undefined ? undefined : this.#decoded(item), date }
  }

  async #all(): Promise<readonly TableInfo[]> {
    const tables: TableInfo[] = []
    let after: string | undefined
    do {
      const page = await readAgain(this.#ports, () =>
        this.#ports.meta.queryPage("meta", { pk: TABLES_PK }, after),
      )
      tables.push(...page.items.map(item => this.#decoded(item)))
      after = page.next
    } while (after !== undefined)
    return tables
  }

  async #owned(name: string, by: Owner, states: readonly string[] = ["open"]): Promise<TableRead> {
    const { table, date } = await this.#read(name)
    if (table === undefined || !states.includes(table.state)) {
      throw new TableError("unknown_table", `table ${name} does not exist`)
    }
    if (table.owner !== by) throw new TableError("managed_by_app", `table ${name} belongs to ${table.owner}`)
    return { table, date }
  }

  /** A table holds its topic by id: made anew under the same name, that is another one, with other offsets. */
  async #isRenewed({ spec, topicId }: TableInfo): Promise<boolean> {
    const now = await this.#log.topic(spec.topic, true).catch(ifUnknown)
    return now !== undefined && now.id !== topicId
  }

  /** Throws `LogError` (`unknown_topic`). */
  async #checkDeadLetters({ badRecords }: TableSpec): Promise<void> {
    if (typeof badRecords === "object") await this.#log.topic(badRecords.deadLetter, true)
  }

  /** Makes the manifests, then opens the table. Whoever meets a table half made may do this, any number of times. */
  async #open(table: TableInfo, date: number): Promise<TableInfo> {
    const purges = await purgesToKeep(this.#ports, table)
    await this.#makeManifests(table.id, 0, table.partitions, date, purges)
    return this.#replace(table, { ...table, state: "open" }, date)
  }

  async #makeManifests(
    tableId: string,
    from: number,
    to: number,
    date: number,
    purges: ReadonlyMap<number, readonly Purge[]> = new Map(),
  ): Promise<void> {
    for (let first = from; first < to; first += MANIFESTS_AT_ONCE) {
      const partitions = Array.from({ length: Math.min(MANIFESTS_AT_ONCE, to - first) }, (_, i) => first + i)
      const made = await Promise.all(
        partitions.map(partition => {
          const manifest = newManifest(tableId, partition, this.#ports.random.id(), date)
          const kept = { ...manifest, purges: purges.get(partition) ?? [] }
          return createManifest(this.#ports, kept, notAfter(date))
        }),
      )
      if (made.includes("unknown")) {
        throw new TableError("outcome_unknown", `the table with id ${tableId} may be half made; try again`)
      }
    }
  }

  /** Replaces the item; when another writer came to the same, that will do. */
  async #replace(before: TableInfo, after: TableInfo, date: number): Promise<TableInfo> {
    const next = { ...after, version: this.#ports.random.id() }
    const options = { condition: { version: before.version }, notAfter: notAfter(date) }
    const put = await settlePut(this.#ports, "meta", encodeTable(next), options)
    if (put.outcome === "committed") return next
    if (put.outcome === "refused" && put.standing !== undefined) {
      const standing = decodeTable(put.standing)
      if (isSame(standing, after)) return standing
    }
    throw unknown(before.spec.name)
  }

  async #lost(name: string, standing: Item | undefined, date: number): Promise<TableError> {
    return standing === undefined ? unknown(name) : this.#exists(decodeTable(standing), date)
  }

  /** What a creation is told that met another table; one half made is finished first. */
  async #exists(table: TableInfo, date: number): Promise<TableError> {
    const { name } = table.spec
    if (table.state === "dropping") {
      return new TableError(
        "table_being_dropped",
        `table ${name} is being dropped; its name will be free shortly`,
      )
    }
    if (table.state === "creating") await this.#open(table, date)
    return new TableError(
      "table_exists",
      `table ${name} exists already, at schema version ${schemaVersionOf(table)}`,
    )
  }
}

/** What is stored of a definition. */
function definitionOf({ rebuild: _rebuild, ...kept }: TableSpec): TableSpec {
  return kept
}

function madeAnew({ spec }: TableInfo): TableError {
  return new TableError(
    "alteration_refused",
    `tables.${spec.name}.from: the topic ${spec.topic} was deleted and made anew, and the table holds rows of the former; say rebuild: true, drop the table, or choose another name for it`,
  )
}

/** A topic that its app still names stays, and one that is gone is gone. */
function ifNotOurs(error: unknown): void {
  const fine = ["unknown_topic", "topic_deleted", "topic_being_deleted", "managed_by_app"]
  if (!(error instanceof LogError && fine.includes(error.code))) throw error
}

/** What a closed topic holds has no more partitions. */
function ifDeleted(error: unknown): undefined {
  if (error instanceof LogError && error.code === "topic_deleted") return undefined
  throw error
}

/** A deleted topic is no fault of a table's: it keeps what it has. */
function ifUnknown(error: unknown): undefined {
  if (error instanceof LogError && error.code === "unknown_topic") return undefined
  throw error
}

/** Whether two items say the same, whoever wrote them. */
function isSame(a: TableInfo, b: TableInfo): boolean {
  return canonicalJson({ ...a, version: "" }) === canonicalJson({ ...b, version: "" })
}

function unknown(name: string): TableError {
  return new TableError(
    "outcome_unknown",
    `table ${name} was changed by somebody else, or may be: look at it again`,
  )
}

function checkSchema(spec: TableSpec): void {
  const schema = compileSchema(spec)
  if ("columns" in schema) return
  const faults = schema.map(({ path, message }) => `tables.${spec.name}.${path}: ${message}`)
  throw new TableError("invalid_table", faults.join("\n"))
}
