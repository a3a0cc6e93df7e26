import {
  checkItem,
  checkItemDeletes,
  checkKey,
  checkPutOptions,
  checkQuery,
  checkTable,
  checkTransaction,
  invalid,
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
import type { RefusalReason, Refused, WriteOutcome } from "../outcome.ts"
import { TOKEN_TTL_MS, transactionDigest } from "../transaction-token.ts"
import type { Faults, StoreCall } from "./faults.ts"
import { faultyRead, faultyWrite } from "./faults.ts"
import type { KeptItem } from "./item-table.ts"
import { ItemTable, keepItem, showItem } from "./item-table.ts"
import type { StoreWatch } from "./memory-stores.ts"

/** Above every sort key: an empty page of a descending query goes on below it. */
const LAST_SORT_KEY = "\u{10ffff}".repeat(256)

interface UsedToken {
  readonly digest: string
  readonly date: number
}

/** What all clients of one memory store share. */
export class MetaState {
  readonly tables: Readonly<Record<MetaTable, ItemTable>> = { log: new ItemTable(), meta: new ItemTable() }
  readonly tokens = new Map<string, UsedToken>()
  readonly date: () => number
  readonly #watch: StoreWatch | undefined

  /** @param date the store's own time, epoch ms, which must never go back */
  constructor(date: () => number, watch?: StoreWatch) {
    this.date = date
    this.#watch = watch
  }

  set(table: MetaTable, kept: KeptItem, date: number): void {
    this.tables[table].set(kept)
    this.#watch?.item?.(table, kept.item, date)
  }
}

/** A step whose item has been copied. */
type KeptStep = { readonly step: TransactionStep; readonly kept?: KeptItem }

/** One client of a `MetaState`, with its own faults. */
export class MemoryMetaStore implements MetaStore {
  readonly #state: MetaState
  readonly #faults: Faults | undefined

  constructor(state: MetaState, faults?: Faults) {
    this.#state = state
    this.#faults = faults
  }

  async get(table: MetaTable, key: ItemKey): Promise<ItemRead> {
    checkTable(table)
    checkKey(key)
    const { pk, sk } = key
    return await faultyRead(this.#faults, call("get", table, key), () => ({
      item: showItem(this.#state.tables[table].get({ pk, sk })),
      date: this.#state.date(),
    }))
  }

  async queryPage(table: MetaTable, query: Query, after?: string): Promise<QueryPage> {
    checkTable(table)
    checkQuery(query, after)
    const asked = { ...query }
    const key = { pk: query.pk, sk: query.from ?? "" }
    return await faultyRead(this.#faults, call("query", table, key), cutShort => {
      const page = cutShort
        ? { items: [], next: after ?? (asked.descending ? LAST_SORT_KEY : "") }
        : this.#state.tables[table].page(asked, after)
      return { ...page, items: Object.freeze(page.items), date: this.#state.date() }
    })
  }

  async put(table: MetaTable, item: Item, options?: PutOptions): Promise<WriteOutcome<Item>> {
    checkTable(table)
    const kept = keepItem(item, checkItem(item))
    checkPutOptions(options)
    return await this.#write("put", table, kept.item, { ...options }, date =>
      this.#state.set(table, kept, date),
    )
  }

  async delete(table: MetaTable, key: ItemKey, options?: PutOptions): Promise<WriteOutcome<Item>> {
    checkTable(table)
    checkKey(key)
    checkPutOptions(options)
    const { pk, sk } = key
    return await this.#write("delete", table, { pk, sk }, { ...options }, () =>
      this.#state.tables[table].delete({ pk, sk }),
    )
  }

  async deleteMany(table: MetaTable, keys: readonly ItemKey[]): Promise<WriteOutcome> {
    checkItemDeletes(table, keys)
    const asked = keys.map(({ pk, sk }) => ({ pk, sk }))
    const remove = (count: number) => {
      for (const key of asked.slice(0, count)) this.#state.tables[table].delete(key)
    }
    return await faultyWrite<undefined>(this.#faults, call("delete", table, asked[0] ?? { pk: "", sk: "" }), {
      apply: () => {
        remove(asked.length)
        return { outcome: "committed", date: this.#state.date() }
      },
      applyPart: () => remove(Math.ceil(asked.length / 2)),
      refuse: reason => refused(reason, this.#state.date()),
    })
  }

  #write(
    operation: "put" | "delete",
    table: MetaTable,
    key: ItemKey,
    options: PutOptions,
    change: (date: number) => void,
  ): Promise<WriteOutcome<Item>> {
    const items = this.#state.tables[table]
    return faultyWrite<Item>(this.#faults, call(operation, table, key), {
      apply: () => {
        const date = this.#state.date()
        if (options.notAfter !== undefined && date > options.notAfter) return refused("expired", date)
        const standing = items.get(key)
        const reason = refusal(options.condition, standing)
        if (reason !== undefined) return refused(reason, date, showItem(standing))
        change(date)
        return { outcome: "committed", date }
      },
      refuse: reason => refused(reason, this.#state.date()),
    })
  }

  async transact(
    steps: readonly TransactionStep[],
    options: { readonly notAfter: number; readonly token: string },
  ): Promise<WriteOutcome<StandingStep>> {
    checkTransaction(steps, options)
    const { notAfter, token } = options
    const kept: KeptStep[] = steps.map(step =>
      step.kind === "put" ? { step, kept: keepItem(step.item, checkItem(step.item)) } : { step: { ...step } },
    )
    const digest = transactionDigest(steps)
    const first = steps[0]!
    return await faultyWrite<StandingStep>(this.#faults, call("transact", first.table, stepKey(first)), {
      apply: () => this.#applySteps(kept, notAfter, token, digest),
      refuse: reason => refused(reason, this.#state.date()),
    })
  }

  #applySteps(
    steps: readonly KeptStep[],
    notAfter: number,
    token: string,
    digest: string,
  ): WriteOutcome<StandingStep> {
    const { tables, tokens } = this.#state
    const date = this.#state.date()
    for (const [used, { date: usedAt }] of tokens) {
      if (date - usedAt < TOKEN_TTL_MS) break
      tokens.delete(used)
    }
    const used = tokens.get(token)
    if (used !== undefined) {
      if (used.digest !== digest) throw invalid("token: used already for a different transaction")
      return { outcome: "committed", date }
    }
    if (date > notAfter) return refused("expired", date)
    for (const [at, { step }] of steps.entries()) {
      const standing = tables[step.table].get(stepKey(step))
      const reason = refusal(step.condition, standing)
      if (reason !== undefined) return refused(reason, date, { step: at, item: showItem(standing) })
    }
    for (const { step, kept } of steps) {
      if (step.kind === "put") this.#state.set(step.table, kept!, date)
      else if (step.kind === "delete") tables[step.table].delete(step.key)
    }
    tokens.set(token, { digest, date })
    return { outcome: "committed", date }
  }
}

/** Why the condition does not hold for what stands there, if it does not. */
function refusal(
  condition: Condition | undefined,
  standing: KeptItem | undefined,
): RefusalReason | undefined {
  if (condition === undefined) return undefined
  if ("absent" in condition) return standing === undefined ? undefined : "exists"
  return standing?.item.version === condition.version ? undefined : "version"
}

function refused<Standing>(reason: RefusalReason, date: number, standing?: Standing): Refused<Standing> {
  return standing === undefined
    ? { outcome: "refused", reason, date }
    : { outcome: "refused", reason, standing, date }
}

function call(operation: StoreCall["operation"], table: MetaTable, key: ItemKey): StoreCall {
  const write = operation !== "get" && operation !== "query"
  return { store: "meta", operation, write, table, key: `${key.pk}/${key.sk}` }
}
