import type { CancellationReason, TransactWriteItem } from "@aws-sdk/client-dynamodb"
import { TransactionCanceledException } from "@aws-sdk/client-dynamodb"
import type { MetaTable, StandingStep, TransactionStep } from "../meta-store.ts"
import type { RefusalReason } from "../outcome.ts"
import { conditionParameters, itemAttributes, keyAttributes, toItem } from "./attribute-values.ts"
import { refusalOfCode, throwBrokenRule } from "./sdk-errors.ts"
import type { Refusal } from "./service.ts"

export function writeItem(
  step: TransactionStep,
  tables: Readonly<Record<MetaTable, string>>,
): TransactWriteItem {
  const condition = conditionParameters(step.condition)
  const TableName = tables[step.table]
  if (step.kind === "put") return { Put: { ...condition, TableName, Item: itemAttributes(step.item) } }
  const keyed = { ...condition, TableName, Key: keyAttributes(step.key) }
  if (step.kind === "delete") return { Delete: keyed }
  // A check has a condition, which the call's own checks have seen to.
  return { ConditionCheck: { ConditionExpression: undefined, ...keyed } }
}

/**
 * Why a transaction was cancelled: the first step whose condition did not hold, if there is one, else what else stood in
 * the way. Reasons come one a step, in order.
 *
 * @throws StorageError a step breaks a rule
 */
export function cancellation(
  error: unknown,
  reasons: readonly (RefusalReason | undefined)[],
): Refusal<StandingStep> | undefined {
  if (!(error instanceof TransactionCanceledException)) return undefined
  const told = error.CancellationReasons ?? []
  const step = told.findIndex(({ Code }) => Code === "ConditionalCheckFailed")
  const reason = reasons[step]
  if (step >= 0 && reason !== undefined) return { reason, standing: standingStep(step, told[step]!) }
  for (const { Code, Message } of told) {
    throwBrokenRule(Code, Message)
    const other = refusalOfCode(Code)
    if (other !== undefined) return { reason: other }
  }
  return undefined
}

function standingStep(step: number, { Item }: CancellationReason): StandingStep {
  // A step that nothing stands in the way of has no item, or an empty one.
  const stands = Item !== undefined && Object.keys(Item).length > 0
  return { step, item: stands ? toItem(Item) : undefined }
}
