import type { DynamoDBClient } from "@aws-sdk/client-dynamodb"
import {
  BatchWriteItemCommand,
  ConditionalCheckFailedException,
  DeleteItemCommand,
  GetItemCommand,
  PutItemCommand,
  QueryCommand,
  TransactWriteItemsCommand,
} from "@aws-sdk/client-dynamodb"
import {
  checkItem,
  checkItemDeletes,
  checkKey,
  checkPutOptions,
  checkQuery,
  checkTable,
  checkTransaction,
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
import { conditionParameters, itemAttributes, keyAttributes, toItem } from "./attribute-values.ts"
import type { StoreCall } from "./dated-handler.ts"
import { deleteItems, NothingDeleted } from "./delete-items.ts"
import { keyCondition } from "./key-condition.ts"
import type { Refusal } from "./service.ts"
import { Service } from "./service.ts"
import type { StoreDate } from "./store-date.ts"
import { cancellation, writeItem } from "./transaction.ts"

/** Nobody writes it: a read of it costs the least, and its response has a date. */
const DATE_KEY: ItemKey = { pk: "date", sk: "date" }

export interface DynamoClients {
  /** Repeats what fails: a read may be made twice. */
  readonly reads: DynamoDBClient
  /** Sends everything once: a hidden repetition makes a success look like a loss. */
  readonly writes: DynamoDBClient
}

/** Items in two tables of DynamoDB, each with the text keys `pk` and `sk`. */
export class DynamoMetaStore implements MetaStore {
  readonly #clients: DynamoClients
  readonly #tables: Readonly<Record<MetaTable, string>>
  readonly #service: Service

  constructor(clients: DynamoClients, tables: Readonly<Record<MetaTable, string>>, date: StoreDate) {
    this.#clients = clients
    this.#tables = tables
    const ask = { TableName: tables.meta, Key: keyAttributes(DATE_KEY) }
    this.#service = new Service(date, call => clients.reads.send(new GetItemCommand(ask), call))
  }

  async get(table: MetaTable, key: ItemKey): Promise<ItemRead> {
    checkTable(table)
    checkKey(key)
    const command = new GetItemCommand({
      TableName: this.#tables[table],
      Key: keyAttributes(key),
      ConsistentRead: true,
    })
    const { answer, date } = await this.#service.read("get", call => this.#clients.reads.send(command, call))
    return { item: answer.Item && toItem(answer.Item), date }
  }

  async queryPage(table: MetaTable, query: Query, after?: string): Promise<QueryPage> {
    checkTable(table)
    checkQuery(query, after)
    const condition = keyCondition(query, after)
    if (condition === undefined) return { items: [], date: await this.#service.ask() }
    const command = new QueryCommand({
      ...condition,
      TableName: this.#tables[table],
      ConsistentRead: true,
      ScanIndexForward: query.descending !== true,
      // DynamoDB takes 32 bits; no page has more items than bytes.
      Limit: query.limit && Math.min(query.limit, META_PAGE_BYTES),
    })
    const { answer, date } = await this.#service.read("query", call =>
      this.#clients.reads.send(command, call),
    )
    const items = (answer.Items ?? []).map(toItem)
    const next = answer.LastEvaluatedKey?.sk?.S
    return next === undefined ? { items, date } : { items, next, date }
  }

  async put(table: MetaTable, item: Item, options?: PutOptions): Promise<WriteOutcome<Item>> {
    checkTable(table)
    checkItem(item)
    checkPutOptions(options)
    const command = new PutItemCommand({
      ...conditionParameters(options?.condition),
      TableName: this.#tables[table],
      Item: itemAttributes(item),
    })
    return await this.#write(call => this.#clients.writes.send(command, call), options)
  }

  async delete(table: MetaTable, key: ItemKey, options?: PutOptions): Promise<WriteOutcome<Item>> {
    checkTable(table)
    checkKey(key)
    checkPutOptions(options)
    const command = new DeleteItemCommand({
      ...conditionParameters(options?.condition),
      TableName: this.#tables[table],
      Key: keyAttributes(key),
    })
    return await this.#write(call => this.#clients.writes.send(command, call), options)
  }

  async deleteMany(table: MetaTable, keys: readonly ItemKey[]): Promise<WriteOutcome> {
    checkItemDeletes(table, keys)
    const name = this.#tables[table]
    const deletes = distinct(keys).map(key => ({ DeleteRequest: { Key: keyAttributes(key) } }))
    return await this.#service.write<undefined>({
      notAfter: undefined,
      send: async call => {
        // DynamoDB refuses an empty list.
        if (deletes.length === 0) {
          await this.#service.ask()
          return
        }
        await deleteItems(deletes, async batch => {
          const command = new BatchWriteItemCommand({ RequestItems: { [name]: batch } })
          const { UnprocessedItems } = await this.#clients.writes.send(command, call)
          return UnprocessedItems?.[name] ?? []
        })
      },
      refusal: error => (error instanceof NothingDeleted ? { reason: "throttled" } : undefined),
    })
  }

  #write(
    send: (call: StoreCall) => Promise<unknown>,
    options: PutOptions | undefined,
  ): Promise<WriteOutcome<Item>> {
    const reason = reasonOf(options?.condition)
    return this.#service.write<Item>({
      notAfter: options?.notAfter,
      send,
      refusal: error => lostCondition(error, reason),
    })
  }

  async transact(
    steps: readonly TransactionStep[],
    options: { readonly notAfter: number; readonly token: string },
  ): Promise<WriteOutcome<StandingStep>> {
    checkTransaction(steps, options)
    const command = new TransactWriteItemsCommand({
      TransactItems: steps.map(step => writeItem(step, this.#tables)),
      ClientRequestToken: options.token,
    })
    const reasons = steps.map(step => reasonOf(step.condition))
    return await this.#service.write<StandingStep>({
      notAfter: options.notAfter,
      send: call => this.#clients.writes.send(command, call),
      refusal: error => cancellation(error, reasons),
    })
  }
}

/** DynamoDB refuses a batch that names an item twice. */
function distinct(keys: readonly ItemKey[]): readonly ItemKey[] {
  return [...new Map(keys.map(key => [JSON.stringify([key.pk, key.sk]), key])).values()]
}

/** What a condition that does not hold is called. */
function reasonOf(condition: Condition | undefined): RefusalReason | undefined {
  if (condition === undefined) return undefined
  return "absent" in condition ? "exists" : "version"
}

function lostCondition(error: unknown, reason: RefusalReason | undefined): Refusal<Item> | undefined {
  if (!(error instanceof ConditionalCheckFailedException) || reason === undefined) return undefined
  const stands = error.Item !== undefined && Object.keys(error.Item).length > 0
  return stands ? { reason, standing: toItem(error.Item!) } : { reason }
}
