import type { Query } from "../meta-store.ts"
import { compareUtf8 } from "../utf8.ts"
import type { Attributes } from "./attribute-values.ts"
import { keyAttributes } from "./attribute-values.ts"

export interface KeyCondition {
  readonly KeyConditionExpression: string
  readonly ExpressionAttributeValues: Attributes
  readonly ExclusiveStartKey?: Attributes
}

/**
 * A query's range in DynamoDB's terms; undefined when no sort key can lie in it. DynamoDB refuses what the port allows:
 * empty bounds, bounds that lie the wrong way round, and a start outside of the bounds.
 *
 * @param after where the page before ended, exclusive
 */
export function keyCondition(query: Query, after: string | undefined): KeyCondition | undefined {
  const { pk, to } = query
  const from = query.from === "" ? undefined : query.from
  if (to === "" || (from !== undefined && to !== undefined && compareUtf8(from, to) > 0)) return undefined
  const [begin, end] = query.descending ? [to, from] : [from, to]
  // How far a key is along the way that the query goes.
  const along = (left: string, right: string) => compareUtf8(left, right) * (query.descending ? -1 : 1)
  if (after !== undefined && end !== undefined && along(after, end) >= 0) return undefined
  if (after === "" && query.descending) return undefined
  const starts = after !== undefined && after !== "" && (begin === undefined || along(after, begin) >= 0)
  return {
    ...range(pk, from, to),
    ...(starts && { ExclusiveStartKey: keyAttributes({ pk, sk: after }) }),
  }
}

function range(pk: string, from: string | undefined, to: string | undefined): KeyCondition {
  const values: Attributes = { ":pk": { S: pk } }
  if (from !== undefined) values[":from"] = { S: from }
  if (to !== undefined) values[":to"] = { S: to }
  return {
    KeyConditionExpression: `pk = :pk${sortKeyRange(from, to)}`,
    ExpressionAttributeValues: values,
  }
}

function sortKeyRange(from: string | undefined, to: string | undefined): string {
  if (from !== undefined && to !== undefined) return " AND sk BETWEEN :from AND :to"
  if (from !== undefined) return " AND sk >= :from"
  return to === undefined ? "" : " AND sk <= :to"
}
