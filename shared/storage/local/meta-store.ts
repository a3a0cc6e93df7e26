import { StorageError } from "../errors.ts"
import { itemBytes } from "../item-size.ts"
import {
  checkItem,
  checkItemDeletes,
  checkKey,
  checkPutOptions,
  checkQuery,
  checkTable,
  checkTransaction,
  stepKey,
} from "../meta-checks.ts"
import type {
  Condition,
  Item,
  ItemKey,
  ItemRead,
  MetaStore,
  MetaTable,
  PutOptions,
  Query,
  QueryPage,
  StandingStep,
  TransactionStep,
} from "../meta-store.ts"
import { META_PAGE_BYTES } from "../meta-store.ts"
import type { RefusalReason, WriteOutcome } from "../outcome.ts"
import { transactionDigest } from "../transaction-token.ts"
import { decodeItem, encodeItem } from "./item-codec.ts"
import { decodeSortKey, encodeKey, keyAfter, partitionEnd } from "./item-key.ts"
import type { MetaCommits } from "./meta-commits.ts"
import type { MetaDatabase } from "./meta-database.ts"
import type { StoreDate } from "./store-date.ts"
import type { UsedTokens } from "./used-tokens.ts"

/** A step ready to be applied; `value` is a put's. */
interface EncodedStep {
  readonly table: MetaTable
  readonly key: ItemKey
  readonly encodedKey: Buffer
  readonly kind: TransactionStep["kind"]
  readonly condition: Condition | undefined
  readonly value?: Buffer
}

/** Items in LMDB. Reads come straight from the memory map; writes go through the group commit. */
export class LocalMetaStore implements MetaStore {
  readonly #database: MetaDatabase
  readonly #commits: MetaCommits
  readonly #date: StoreDate
  readonly #tokens: UsedTokens

  constructor(database: MetaDatabase, commits: MetaCommits, date: StoreDate, tokens: UsedTokens) {
    this.#database = database
    this.#commits = commits
    this.#date = date
    this.#tokens = tokens
  }

  async get(table: MetaTable, key: ItemKey): Promise<ItemRead> {
    checkTable(table)
    checkKey(key)
    const item = this.#read(() => this.#standing({ table, key, encodedKey: encodeKey(key) }))
    return { item, date: await this.#date.current() }
  }

  async queryPage(table: MetaTable, query: Query, after?: string): Promise<QueryPage> {
    checkTable(table)
    checkQuery(query, after)
    const page = this.#read(() => readPage(this.#database, table, query, after))
    return { ...page, date: await this.#date.current() }
  }

  async put(table: MetaTable, item: Item, options?: PutOptions): Promise<WriteOutcome<Item>> {
    checkTable(table)
    checkItem(item)
    checkPutOptions(options)
    return await this.#write(encodeStep({ kind: "put", table, item, ...conditionOf(options) }), options)
  }

  async delete(table: MetaTable, key: ItemKey, options?: PutOptions): Promise<WriteOutcome<Item>> {
    checkTable(table)
    checkKey(key)
    checkPutOptions(options)
    return await this.#write(encodeStep({ kind: "delete", table, key, ...conditionOf(options) }), options)
  }

  /** A write each, so that no transaction is longer than the group commit allows. */
  async deleteMany(table: MetaTable, keys: readonly ItemKey[]): Promise<WriteOutcome> {
    checkItemDeletes(table, keys)
    if (keys.length === 0) {
      this.#commits.checkOpen()
      return { outcome: "committed", date: await this.#date.current() }
    }
    const steps = keys.map(key => encodeStep({ kind: "delete", table, key }))
    const outcomes = await Promise.all(steps.map(step => this.#write(step, undefined)))
    let date = 0
    for (const outcome of outcomes) {
      if (outcome.outcome === "unknown") return outcome
      date = Math.max(date, outcome.date)
    }
    return { outcome: "committed", date }
  }

  #write(step: EncodedStep, options: PutOptions | undefined): Promise<WriteOutcome<Item>> {
    const notAfter = options?.notAfter ?? Number.POSITIVE_INFINITY
    return this.#commits.write<Item>(date => {
      if (date > notAfter) return { outcome: "refused", reason: "expired", date }
      const [reason, standing] = this.#refusal(step)
      if (reason !== undefined) return { outcome: "refused", reason, date, ...(standing && { standing }) }
      this.#apply(step)
      return { outcome: "committed", date }
    })
  }

  async transact(
    steps: readonly TransactionStep[],
    options: { readonly notAfter: number; readonly token: string },
  ): Promise<WriteOutcome<StandingStep>> {
    checkTransaction(steps, options)
    const { notAfter, token } = options
    const encoded = steps.map(encodeStep)
    const digest = transactionDigest(steps)
    this.#commits.checkOpen()
    this.#tokens.check(token, digest, this.#date.now())
    return await this.#commits.write<StandingStep>(date => {
      if (this.#tokens.isUsed(token, date)) return { outcome: "committed", date }
      if (date > notAfter) return { outcome: "refused", reason: "expired", date }
      for (const [at, step] of encoded.entries()) {
        const [reason, item] = this.#refusal(step)
        if (reason !== undefined) return { outcome: "refused", reason, date, standing: { step: at, item } }
      }
      for (const step of encoded) this.#apply(step)
      this.#tokens.use(token, digest, date)
      return { outcome: "committed", date }
    })
  }

  /** LMDB's own failures of a read are the store not answering. */
  #read<T>(read: () => T): T {
    this.#commits.checkOpen()
    try {
      return read()
    } catch (cause) {
      if (cause instanceof StorageError) throw cause
      const message = cause instanceof Error ? cause.message : String(cause)
      throw new StorageError("unavailable", `read: ${message}`, { cause })
    }
  }

  #standing(at: Pick<EncodedStep, "table" | "key" | "encodedKey">): Item | undefined {
    const found = this.#database.tables[at.table].getBinary(at.encodedKey)
    return found && decodeItem(at.key, found)
  }

  /** Why the step's condition does not hold, if it does not, and what stands there then. */
  #refusal(step: EncodedStep): [RefusalReason | undefined, Item | undefined] {
    if (step.condition === undefined) return [undefined, undefined]
    const standing = this.#standing(step)
    if ("absent" in step.condition) return [standing === undefined ? undefined : "exists", standing]
    return [standing?.version === step.condition.version ? undefined : "version", standing]
  }

  #apply(step: EncodedStep): void {
    const table = this.#database.tables[step.table]
    if (step.kind === "put") table.put(step.encodedKey, step.value!)
    else if (step.kind === "delete") table.remove(step.encodedKey)
  }
}

function conditionOf(options: PutOptions | undefined): { condition?: Condition } {
  return options?.condition === undefined ? {} : { condition: { ...options.condition } }
}

function encodeStep(step: TransactionStep): EncodedStep {
  const { pk, sk } = stepKey(step)
  const condition = step.condition && { ...step.condition }
  const at = { table: step.table, key: { pk, sk }, encodedKey: encodeKey({ pk, sk }), condition }
  return step.kind === "put"
    ? { ...at, kind: "put", value: encodeItem(step.item) }
    : { ...at, kind: step.kind }
}

function readPage(
  database: MetaDatabase,
  table: MetaTable,
  query: Query,
  after: string | undefined,
): { items: Item[]; next?: string } {
  const items: Item[] = []
  let bytes = 0
  for (const { key, value } of entries(database, table, query, after)) {
    const item = decodeItem({ pk: query.pk, sk: decodeSortKey(key) }, value)
    bytes += itemBytes(item)
    if (items.length > 0 && bytes > META_PAGE_BYTES) return { items, next: items.at(-1)!.sk }
    items.push(item)
    if (items.length === query.limit) return { items, next: item.sk }
  }
  return { items }
}

/** The entries of a query in its direction. LMDB's `start` is inclusive and its `end` exclusive, whatever the way. */
function* entries(
  database: MetaDatabase,
  table: MetaTable,
  query: Query,
  after: string | undefined,
): Generator<{ key: Buffer; value: Buffer }> {
  const { pk } = query
  let low = encodeKey({ pk, sk: query.from ?? "" })
  let high = query.to === undefined ? partitionEnd(pk) : keyAfter(pk, query.to)
  if (after !== undefined) {
    if (query.descending) high = lesser(high, encodeKey({ pk, sk: after }))
    else low = greater(low, keyAfter(pk, after))
  }
  if (Buffer.compare(low, high) >= 0) return
  const store = database.tables[table]
  if (!query.descending) {
    yield* store.getRange({ start: low, end: high })
    return
  }
  for (const entry of store.getRange({ start: high, end: low, inclusiveEnd: true, reverse: true })) {
    if (Buffer.compare(entry.key, high) < 0) yield entry
  }
}

function lesser(a: Buffer, b: Buffer): Buffer {
  return Buffer.compare(a, b) <= 0 ? a : b
}

function greater(a: Buffer, b: Buffer): Buffer {
  return Buffer.compare(a, b) >= 0 ? a : b
}
