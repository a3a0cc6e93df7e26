import type { AttributeValue } from "@aws-sdk/client-dynamodb"
import { StorageError } from "../errors.ts"
import type { Condition, FieldValue, Item, ItemKey } from "../meta-store.ts"

export type Attributes = Record<string, AttributeValue>

/** The attribute that holds an item's version; fields cannot have its name. */
const VERSION = "_version"

export function keyAttributes({ pk, sk }: ItemKey): Attributes {
  return { pk: { S: pk }, sk: { S: sk } }
}

/** Binaries are copied: the caller may go on using its own before the SDK has read them. */
export function itemAttributes(item: Item): Attributes {
  const attributes = keyAttributes(item)
  attributes[VERSION] = { S: item.version }
  for (const name in item.fields) attributes[name] = fieldAttribute(item.fields[name]!)
  return attributes
}

function fieldAttribute(value: FieldValue): AttributeValue {
  if (typeof value === "string") return { S: value }
  // The shortest text that reads back as the same number; no store keeps the sign of a zero.
  if (typeof value === "number") return { N: value === 0 ? "0" : String(value) }
  if (typeof value === "boolean") return { BOOL: value }
  return { B: value.slice() }
}

/** @throws StorageError `corrupt`: not an item that this store has written */
export function toItem(attributes: Attributes): Item {
  const { pk, sk, [VERSION]: version } = attributes
  if (pk?.S === undefined || sk?.S === undefined || version?.S === undefined) {
    throw new StorageError("corrupt", `item: expected pk, sk and ${VERSION} as text`)
  }
  const fields: Record<string, FieldValue> = {}
  for (const name in attributes) {
    if (name === "pk" || name === "sk" || name === VERSION) continue
    fields[name] = toField(name, attributes[name]!)
  }
  return { pk: pk.S, sk: sk.S, version: version.S, fields }
}

function toField(name: string, value: AttributeValue): FieldValue {
  if (value.S !== undefined) return value.S
  if (value.N !== undefined) return Number(value.N)
  if (value.BOOL !== undefined) return value.BOOL
  if (value.B !== undefined) return value.B
  throw new StorageError("corrupt", `fields.${name}: expected S, N, BOOL or B`)
}

/** A condition as the parameters of a write; a lost write tells what stands there. */
export function conditionParameters(condition: Condition | undefined) {
  if (condition === undefined) return {}
  const parameters = { ReturnValuesOnConditionCheckFailure: "ALL_OLD" } as const
  if ("absent" in condition) return { ...parameters, ConditionExpression: "attribute_not_exists(pk)" }
  return {
    ...parameters,
    ConditionExpression: "#version = :version",
    ExpressionAttributeNames: { "#version": VERSION },
    ExpressionAttributeValues: { ":version": { S: condition.version } },
  }
}
