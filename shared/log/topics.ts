import { StorageError } from "../storage/errors.ts"
import type { Item, TransactionStep } from "../storage/meta-store.ts"
import { readAgain, settlePut, settleTransaction } from "../storage/settle.ts"
import type { Ports } from "../storage/time.ts"
import { LogError } from "./errors.ts"
import { TOPIC_REREAD_MS, WRITE_AFTER_READ_MS } from "./limits.ts"
import { CLOSED_TOPICS_PK, closedTopicFields } from "./segments/closed-topics.ts"
import { alteredTopic, checkPartition, checkTopicSpec } from "./topic-config.ts"
import type { Owner, TopicChange, TopicInfo, TopicSpec } from "./types.ts"

const TOPIC_FORMAT = 1
/** All names lie under one key, so that listing is one query. */
const NAMES_PK = "topics"
const ID_SK = "topic"

/** A topic as a read found it. */
export interface TopicRead {
  readonly info: TopicInfo
  /** Marked for deletion: nothing may be added to it any more. */
  readonly deleting: boolean
  readonly version: string
  /** Store time of the read, epoch ms. */
  readonly date: number
}

/** What a topic's id says of it. */
interface IdRead {
  readonly name: string
  readonly partitions: number
  readonly closed: boolean
  readonly version: string
  /** Store time of the read, epoch ms. */
  readonly date: number
}

interface Cached {
  readonly read: TopicRead | undefined
  readonly elapsed: number
}

function nameItem(info: TopicInfo, version: string, deleting: boolean): Item {
  const { id, name, partitions, config, owner, created, schema, keyField, validate, attached } = info
  return {
    pk: NAMES_PK,
    sk: name,
    version,
    fields: {
      v: TOPIC_FORMAT,
      id,
      partitions,
      config: JSON.stringify(config),
      owner,
      created,
      deleting,
      ...(schema === undefined ? {} : { schema }),
      ...(keyField === undefined ? {} : { keyField }),
      ...(validate === undefined ? {} : { validate }),
      ...(attached === false ? { attached } : {}),
    },
  }
}

/** Partitions are kept here too: what a closed topic holds can be read by its id until it is purged. */
function idItem(info: Pick<TopicInfo, "id" | "name" | "partitions">, version: string, closed: boolean): Item {
  const fields = { v: TOPIC_FORMAT, name: info.name, partitions: info.partitions, closed }
  return { pk: `topic#${info.id}`, sk: ID_SK, version, fields }
}

function readName(item: Item, date: number): TopicRead {
  const { fields } = item
  if (fields.v !== TOPIC_FORMAT) {
    throw new StorageError(
      "unknown_format",
      `topic ${item.sk}: format ${String(fields.v)}, expected ${TOPIC_FORMAT}`,
    )
  }
  const info: TopicInfo = {
    id: fields.id as string,
    name: item.sk,
    partitions: fields.partitions as number,
    config: JSON.parse(fields.config as string),
    owner: fields.owner as Owner,
    created: fields.created as number,
    schema: fields.schema as string | undefined,
    keyField: fields.keyField as string | undefined,
    validate: fields.validate as TopicInfo["validate"],
    ...(fields.attached === false ? { attached: false } : {}),
  }
  return { info, deleting: fields.deleting as boolean, version: item.version, date }
}

/** Names and ids of topics. A name's item says what the topic is; an id is never used again. */
export class Topics {
  readonly #ports: Ports
  readonly #byName = new Map<string, Cached>()

  constructor(ports: Ports) {
    this.#ports = ports
  }

  /** The topic with this name, read at most `TOPIC_REREAD_MS` ago, or now when `anew`. Throws `unknown_topic`. */
  async find(name: string, anew = false): Promise<TopicRead> {
    const elapsed = this.#ports.clock.elapsed()
    const cached = this.#byName.get(name)
    if (!anew && cached?.read !== undefined && elapsed - cached.elapsed < TOPIC_REREAD_MS) return cached.read
    const { item, date } = await readAgain(this.#ports, () =>
      this.#ports.meta.get("meta", { pk: NAMES_PK, sk: name }),
    )
    if (item === undefined) {
      this.#byName.delete(name)
      throw new LogError("unknown_topic", `topic ${name} does not exist`)
    }
    const read = readName(item, date)
    this.#byName.set(name, { read, elapsed })
    return read
  }

  /** A topic as it was read, or, where it may have grown by that partition since, as it is now. Throws `unknown_partition`. */
  async having(partition: number, read: TopicRead): Promise<TopicRead> {
    const { id, name, partitions } = read.info
    const anew = partition >= partitions ? await this.find(name, true).catch(onlyUnknown) : undefined
    const known = anew?.info.id === id ? { ...anew, date: Math.min(anew.date, read.date) } : read
    checkPartition(known.info, partition)
    return known
  }

  forget(name: string): void {
    this.#byName.delete(name)
  }

  /** As `find`. Throws `topic_deleted` for an id that is closed or was never given. */
  async findById(id: string, anew = false): Promise<TopicRead> {
    for (const { read } of this.#byName.values()) {
      if (read?.info.id !== id) continue
      return this.#checked(await this.find(read.info.name, anew).catch(onlyUnknown), id)
    }
    const { name, closed } = await this.#id(id)
    if (closed) throw deleted(id)
    const known = await this.find(name, anew).catch(onlyUnknown)
    // What is remembered of the name may be the topic that had it before.
    if (known?.info.id === id) return known
    return this.#checked(await this.find(name, true).catch(onlyUnknown), id)
  }

  /** How many partitions the topic with this id has, or had: closed ones can still be read. Throws `topic_deleted`. */
  async partitionsOf(id: string): Promise<{ readonly name: string; readonly partitions: number }> {
    return this.#id(id)
  }

  async #id(id: string): Promise<IdRead> {
    const key = { pk: `topic#${id}`, sk: ID_SK }
    const { item, date } = await readAgain(this.#ports, () => this.#ports.meta.get("meta", key))
    if (item === undefined) throw deleted(id)
    const { name, partitions, closed } = item.fields
    const { version } = item
    return { name: name as string, partitions: partitions as number, closed: closed === true, version, date }
  }

  #checked(read: TopicRead | undefined, id: string): TopicRead {
    if (read === undefined || read.info.id !== id) throw deleted(id)
    return read
  }

  async list(): Promise<TopicRead[]> {
    const found: TopicRead[] = []
    let after: string | undefined
    do {
      const page = await readAgain(this.#ports, () =>
        this.#ports.meta.queryPage("meta", { pk: NAMES_PK }, after),
      )
      for (const item of page.items) found.push(readName(item, page.date))
      after = page.next
    } while (after !== undefined)
    return found
  }

  /** Throws `invalid_topic`, `topic_exists`, `topic_being_deleted`, `outcome_unknown`. */
  async create(spec: TopicSpec): Promise<TopicInfo> {
    checkTopicSpec(spec)
    const { random } = this.#ports
    const key = { pk: NAMES_PK, sk: spec.name }
    const before = await readAgain(this.#ports, () => this.#ports.meta.get("meta", key))
    if (before.item !== undefined) throw exists(readName(before.item, before.date))
    const info: TopicInfo = { ...spec, config: spec.config ?? {}, id: random.id(), created: before.date }
    const item = nameItem(info, random.id(), false)
    const absent = { absent: true } as const
    const steps: TransactionStep[] = [
      { kind: "put", table: "meta", item, condition: absent },
      { kind: "put", table: "meta", item: idItem(info, random.id(), false), condition: absent },
    ]
    const options = { notAfter: before.date + WRITE_AFTER_READ_MS, token: random.id() }
    const settled = await settleTransaction(this.#ports, steps, { table: "meta", item }, options)
    this.#byName.delete(spec.name)
    if (settled.outcome === "committed") return info
    if (settled.outcome === "refused" && settled.standing?.item !== undefined) {
      throw exists(readName(settled.standing.item, settled.date))
    }
    throw new LogError("outcome_unknown", `topic ${spec.name} may or may not have been created`)
  }

  /** Marks the topic as being deleted: from now on it can neither grow nor be made anew. */
  mark(name: string, by: Owner): Promise<TopicRead> {
    return this.#change(name, by, true, info => info)
  }

  async alter(name: string, by: Owner, change: TopicChange): Promise<TopicInfo> {
    const read = await this.#change(name, by, false, info => alteredTopic(info, change))
    if (read.deleting) throw exists(read)
    return read.info
  }

  /** Replaces a topic's item, on condition of the version that was read; one that is being deleted stays as it is. */
  async #change(
    name: string,
    by: Owner,
    deleting: boolean,
    next: (info: TopicInfo) => TopicInfo,
  ): Promise<TopicRead> {
    let tried: string | undefined
    for (;;) {
      const read = await this.find(name, true)
      tried ??= read.info.id
      // An earlier try may have been applied, and the topic be gone: the new one is not ours to change.
      if (read.info.id !== tried) throw new LogError("unknown_topic", `topic ${name} was deleted`)
      // What its app no longer names is nobody's to manage: it can be deleted, not altered.
      const abandoned = deleting && read.info.attached === false
      if (read.info.owner !== by && !abandoned) {
        throw new LogError("managed_by_app", `topic ${name} belongs to ${read.info.owner}`)
      }
      if (read.deleting) return read
      const info = next(read.info)
      const item = nameItem(info, this.#ports.random.id(), deleting)
      const settled =
        info.partitions === read.info.partitions
          ? await settlePut(this.#ports, "meta", item, {
              condition: { version: read.version },
              notAfter: read.date + WRITE_AFTER_READ_MS,
            })
          : await this.#settleGrowth(read, info, item)
      this.forget(name)
      if (settled.outcome === "committed")
        return { info, deleting, version: item.version, date: settled.date }
      if (settled.outcome === "unknown") {
        throw new LogError("outcome_unknown", `topic ${name} may or may not be changed`)
      }
    }
  }

  /** Both items of the topic, or neither: what is read by the id never lacks partitions that the name has. */
  async #settleGrowth(read: TopicRead, info: TopicInfo, item: Item) {
    const { version, date } = await this.#id(info.id)
    const byId = idItem(info, this.#ports.random.id(), false)
    const steps: TransactionStep[] = [
      { kind: "put", table: "meta", item, condition: { version: read.version } },
      { kind: "put", table: "meta", item: byId, condition: { version } },
    ]
    const notAfter = Math.min(read.date, date) + WRITE_AFTER_READ_MS
    const options = { notAfter, token: this.#ports.random.id() }
    return settleTransaction(this.#ports, steps, { table: "meta", item }, options)
  }

  /** What the topic leaves is to be purged. */
  #leftItem({ info, date }: TopicRead): Item {
    const fields = closedTopicFields(info.partitions, date)
    return { pk: CLOSED_TOPICS_PK, sk: info.id, version: this.#ports.random.id(), fields }
  }

  /** Frees the name of a marked topic whose partitions are all closed, unless somebody did so already. */
  async free(marked: TopicRead): Promise<void> {
    const { info, version } = marked
    const closed = idItem(info, this.#ports.random.id(), true)
    const key = { pk: NAMES_PK, sk: info.name }
    const steps: TransactionStep[] = [
      { kind: "delete", table: "meta", key, condition: { version } },
      { kind: "put", table: "meta", item: closed },
      { kind: "put", table: "meta", item: this.#leftItem(marked) },
    ]
    const options = { notAfter: marked.date + WRITE_AFTER_READ_MS, token: this.#ports.random.id() }
    const settled = await settleTransaction(this.#ports, steps, { table: "meta", item: closed }, options)
    this.forget(info.name)
    // Another version means that the name is free already; any other refusal, that it is not.
    if (settled.outcome === "unknown" || (settled.outcome === "refused" && settled.reason !== "version")) {
      throw new LogError("outcome_unknown", `topic ${info.name} is closed; its name may or may not be free`)
    }
  }
}

function onlyUnknown(error: unknown): undefined {
  if (error instanceof LogError && error.code === "unknown_topic") return undefined
  throw error
}

function deleted(id: string): LogError {
  return new LogError("topic_deleted", `the topic with id ${id} was deleted`)
}

function exists(read: TopicRead): LogError {
  const { name } = read.info
  if (read.deleting) return new LogError("topic_being_deleted", `topic ${name} is being deleted`)
  return new LogError("topic_exists", `topic ${name} exists already`)
}
