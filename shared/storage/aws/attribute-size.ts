import type { AttributeValue } from "@aws-sdk/client-dynamodb"
import { numberBytes } from "../item-size.ts"
import { utf8Length } from "../utf8.ts"
import type { Attributes } from "./attribute-values.ts"

/**
 * The size of an item by DynamoDB's rule, names and values. Only the kinds of attributes that the stores write count.
 * Source: Amazon DynamoDB Developer Guide, "DynamoDB item sizes and formats".
 */
export function attributesBytes(attributes: Attributes | undefined): number {
  let bytes = 0
  for (const name in attributes) bytes += utf8Length(name) + valueBytes(attributes[name]!)
  return bytes
}

function valueBytes(value: AttributeValue): number {
  if (value.S !== undefined) return utf8Length(value.S)
  if (value.N !== undefined) return numberBytes(Number(value.N))
  if (value.B !== undefined) return value.B.byteLength
  return 1
}
