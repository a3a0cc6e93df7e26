import type { WriteOutcome } from "./outcome.ts"

/** `log` holds commit slots only (its stream wakes consumers); everything else lives in `meta`. */
export type MetaTable = "log" | "meta"

/** Addresses one item: partition key and sort key, each 1 to 1,024 UTF-8 bytes, ordered by those bytes. */
export interface ItemKey {
  readonly pk: string
  readonly sk: string
}

/** An attribute's value: what DynamoDB calls S, N, BOOL and B. A number must be finite. */
export type FieldValue = string | number | boolean | Uint8Array
export type Fields = Readonly<Record<string, FieldValue>>

export interface Item extends ItemKey {
  /** A fresh random id for every write, never used again, not even when the item is deleted and made anew. */
  readonly version: string
  /** Includes `v`, the format's version, by which every stored item says how to read it. */
  readonly fields: Fields
}

/** What a write demands of the item that stands at its key; without one the write is unconditional. */
export type Condition = { readonly absent: true } | { readonly version: string }

export interface PutOptions {
  readonly condition?: Condition
  /** Store time (epoch ms) after which no backend may apply this write. Required with a condition. */
  readonly notAfter?: number
}

export interface ItemRead {
  readonly item: Item | undefined
  readonly date: number
}

/** A range of sort keys under one partition key; both bounds are inclusive. */
export interface Query {
  readonly pk: string
  readonly from?: string
  readonly to?: string
  readonly descending?: boolean
  /** At most this many items; default: all of them, over as many pages as it takes. */
  readonly limit?: number
}

export interface QueryPage {
  readonly items: readonly Item[]
  /** Continue with `from` (or, descending, `to`) exclusively after this sort key; undefined at the end. */
  readonly next?: string
  readonly date: number
}

export type TransactionStep =
  | { readonly kind: "put"; readonly table: MetaTable; readonly item: Item; readonly condition?: Condition }
  | {
      readonly kind: "delete"
      readonly table: MetaTable
      readonly key: ItemKey
      readonly condition?: Condition
    }
  | {
      readonly kind: "check"
      readonly table: MetaTable
      readonly key: ItemKey
      readonly condition: Condition
    }

/** What stands at the key of the first step that was refused, and that step's index. */
export interface StandingStep {
  readonly step: number
  readonly item: Item | undefined
}

/**
 * Small items with conditional writes: DynamoDB, LMDB, memory. The contract is DynamoDB's, its limits included. All
 * reads are consistent. Reads throw `StorageError` (`unavailable`, retryable) when the store does not answer; writes
 * never throw for what the store or the network does. Breaking a limit throws `StorageError` (`too_large`, `invalid`)
 * before anything is written.
 */
export interface MetaStore {
  get(table: MetaTable, key: ItemKey): Promise<ItemRead>
  /** One page: at most `META_PAGE_BYTES` of items. It may be empty and still have a `next`. */
  queryPage(table: MetaTable, query: Query, after?: string): Promise<QueryPage>
  /** Puts one item. A refused put returns the item that stands there. */
  put(table: MetaTable, item: Item, options?: PutOptions): Promise<WriteOutcome<Item>>
  delete(table: MetaTable, key: ItemKey, options?: PutOptions): Promise<WriteOutcome<Item>>
  /**
   * Deletes up to `ITEM_DELETES_MAX` items, whatever stands there, one by one and in no order. For items that nothing
   * names any more and whose keys nobody uses again. A key that is absent, or given twice, counts as deleted, so that
   * a repetition is harmless. `refused`: none was deleted; `unknown`: any of them may have been.
   */
  deleteMany(table: MetaTable, keys: readonly ItemKey[]): Promise<WriteOutcome>
  /**
   * All steps or none; each item at most once. `token` makes a repeat of the same call within 10 minutes answer
   * as the first did.
   */
  transact(
    steps: readonly TransactionStep[],
    options: { readonly notAfter: number; readonly token: string },
  ): Promise<WriteOutcome<StandingStep>>
}

/** DynamoDB: an item with its keys, names and values. */
export const ITEM_BYTES_MAX = 400 * 1024
/** DynamoDB: steps of one TransactWriteItems call. */
export const TRANSACTION_STEPS_MAX = 100
/** As many as objects in one call; each takes a write unit, so that a call is not long under way. */
export const ITEM_DELETES_MAX = 1_000
/** DynamoDB: bytes of all items of one transaction. */
export const TRANSACTION_BYTES_MAX = 4 * 1024 * 1024
/** DynamoDB: bytes read for one page of a query. */
export const META_PAGE_BYTES = 1024 * 1024
