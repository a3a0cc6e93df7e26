import { StorageError } from "./errors.ts"
import { itemBytes, keyBytes } from "./item-size.ts"
import type {
  Condition,
  FieldValue,
  Item,
  ItemKey,
  MetaTable,
  PutOptions,
  Query,
  TransactionStep,
} from "./meta-store.ts"
import {
  ITEM_BYTES_MAX,
  ITEM_DELETES_MAX,
  TRANSACTION_BYTES_MAX,
  TRANSACTION_STEPS_MAX,
} from "./meta-store.ts"
import { utf8Length } from "./utf8.ts"

/** DynamoDB: a sort key; its partition keys may be longer, but one bound for both is easier to hold. */
export const KEY_BYTES_MAX = 1_024
/** Longer than any id in use; it leaves room in the item. */
const VERSION_LENGTH_MAX = 64
/** DynamoDB: ClientRequestToken. */
const TOKEN_LENGTH_MAX = 36
/** DynamoDB: the smallest and the first too large magnitude of a number. */
const NUMBER_MIN = 1e-130
const NUMBER_END = 1e126

export function invalid(message: string): StorageError {
  return new StorageError("invalid", message)
}

export function tooLarge(message: string): StorageError {
  return new StorageError("too_large", message)
}

export function checkKey(key: ItemKey): void {
  checkKeyPart("pk", key.pk)
  checkKeyPart("sk", key.sk)
}

/** Checks the keys of a delete of many. */
export function checkItemDeletes(table: MetaTable, keys: readonly ItemKey[]): void {
  checkTable(table)
  if (keys.length > ITEM_DELETES_MAX) {
    throw tooLarge(`keys: expected at most ${ITEM_DELETES_MAX}, got ${keys.length}`)
  }
  for (const key of keys) checkKey(key)
}

function checkKeyPart(name: string, part: string): void {
  checkText(name, part)
  if (part.length === 0) throw invalid(`${name}: expected 1 to ${KEY_BYTES_MAX} bytes, got none`)
  checkKeyLength(name, part)
}

function checkKeyLength(name: string, part: string): void {
  if (part.length * 3 <= KEY_BYTES_MAX) return
  const bytes = utf8Length(part)
  if (bytes > KEY_BYTES_MAX) throw tooLarge(`${name}: expected at most ${KEY_BYTES_MAX} bytes, got ${bytes}`)
}

function checkText(name: string, text: unknown): void {
  if (typeof text !== "string" || !text.isWellFormed()) {
    throw invalid(`${name}: expected text without lone surrogates`)
  }
}

/** Checks a whole item and returns its size in bytes. */
export function checkItem(item: Item): number {
  checkKey(item)
  checkVersion("version", item.version)
  for (const name in item.fields) checkField(name, item.fields[name])
  const bytes = itemBytes(item)
  if (bytes > ITEM_BYTES_MAX) throw tooLarge(`item: expected at most ${ITEM_BYTES_MAX} bytes, got ${bytes}`)
  return bytes
}

function checkVersion(name: string, version: unknown): void {
  if (typeof version === "string" && version.length > 0 && version.length <= VERSION_LENGTH_MAX) return
  throw invalid(`${name}: expected 1 to ${VERSION_LENGTH_MAX} characters`)
}

function checkField(name: string, value: FieldValue | undefined): void {
  if (name === "" || name === "pk" || name === "sk" || name.startsWith("_")) {
    throw invalid(`fields: the name ${JSON.stringify(name)} is reserved`)
  }
  checkText("fields", name)
  if (typeof value === "string") checkText(`fields.${name}`, value)
  else if (typeof value === "boolean" || value instanceof Uint8Array) return
  else if (typeof value !== "number" || !isStorableNumber(value)) {
    throw invalid(`fields.${name}: expected text, a finite number, a boolean or bytes`)
  }
}

function isStorableNumber(value: number): boolean {
  const magnitude = Math.abs(value)
  return magnitude === 0 || (magnitude >= NUMBER_MIN && magnitude < NUMBER_END)
}

export function checkTable(table: MetaTable): void {
  if (table !== "log" && table !== "meta") throw invalid(`table: expected log or meta, got ${table}`)
}

export function checkCondition(condition: Condition): void {
  if ("absent" in condition) {
    if (condition.absent !== true || "version" in condition)
      throw invalid("condition: expected absent or version")
  } else checkVersion("condition.version", condition.version)
}

export function checkPutOptions(options: PutOptions | undefined): void {
  if (options?.condition !== undefined) {
    checkCondition(options.condition)
    if (options.notAfter === undefined) throw invalid("notAfter: required with a condition")
  }
  if (options?.notAfter !== undefined) checkInstant("notAfter", options.notAfter)
}

export function checkInstant(name: string, instant: number): void {
  if (!Number.isFinite(instant)) throw invalid(`${name}: expected epoch milliseconds, got ${instant}`)
}

export function checkQuery(query: Query, after: string | undefined): void {
  checkKeyPart("pk", query.pk)
  for (const [name, bound] of [
    ["from", query.from],
    ["to", query.to],
    ["after", after],
  ] as const) {
    if (bound === undefined) continue
    checkText(name, bound)
    checkKeyLength(name, bound)
  }
  if (query.limit !== undefined && !(Number.isSafeInteger(query.limit) && query.limit > 0)) {
    throw invalid(`limit: expected a positive integer, got ${query.limit}`)
  }
}

/** Checks a transaction as a whole: its number of steps and bytes, each step, and that no item is in it twice. */
export function checkTransaction(
  steps: readonly TransactionStep[],
  options: { readonly notAfter: number; readonly token: string },
): void {
  if (steps.length === 0) throw invalid("steps: expected at least one")
  if (steps.length > TRANSACTION_STEPS_MAX) {
    throw tooLarge(`steps: expected at most ${TRANSACTION_STEPS_MAX}, got ${steps.length}`)
  }
  checkInstant("notAfter", options.notAfter)
  if (options.token.length === 0 || options.token.length > TOKEN_LENGTH_MAX) {
    throw invalid(`token: expected 1 to ${TOKEN_LENGTH_MAX} characters`)
  }
  const seen = new Set<string>()
  let bytes = 0
  for (const [at, step] of steps.entries()) {
    bytes += checkStep(step)
    const { pk, sk } = stepKey(step)
    const name = JSON.stringify([step.table, pk, sk])
    if (seen.has(name)) throw invalid(`steps[${at}]: the item ${name} is in this transaction twice`)
    seen.add(name)
  }
  if (bytes > TRANSACTION_BYTES_MAX) {
    throw tooLarge(`steps: expected at most ${TRANSACTION_BYTES_MAX} bytes, got ${bytes}`)
  }
}

function checkStep(step: TransactionStep): number {
  checkTable(step.table)
  if (step.condition !== undefined) checkCondition(step.condition)
  if (step.kind === "put") return checkItem(step.item)
  if (step.kind === "check" && step.condition === undefined) throw invalid("check: expected a condition")
  checkKey(step.key)
  return keyBytes(step.key)
}

export function stepKey(step: TransactionStep): ItemKey {
  return step.kind === "put" ? step.item : step.key
}
