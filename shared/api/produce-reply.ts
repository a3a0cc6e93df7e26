import type { AppendResult } from "../log/types.ts"
import { errorForm } from "./error-reply.ts"
import { type OffsetRun, offsetEntries } from "./offset-entries.ts"
import type { ProducePlan } from "./produce-request.ts"

function failureText(result: AppendResult & { error: Error }): string {
  return `"error_code":${errorForm(result.error).errorCode},"error":${JSON.stringify(result.error.message)}}`
}

const SUCCESS_END = `,"error_code":null,"error":null}`

/** One entry a part: what `?summary` asks for. */
function summary(results: readonly AppendResult[], counts: readonly number[]): string {
  const entries = results.map((result, i) =>
    "error" in result
      ? `{"partition":${result.partition},"offset":null,"count":${counts[i]},${failureText(result)}`
      : `{"partition":${result.partition},"offset":${result.baseOffset},"count":${result.count}}`,
  )
  return `{"offsets":[${entries.join(",")}]}`
}

/** One entry a record, in the request's order. */
function perRecord(results: readonly AppendResult[], plan: ProducePlan): string {
  const { partOf, counts, count } = plan
  const before = results.map(result => `{"partition":${result.partition},"offset":`)
  const after = results.map(result => ("error" in result ? `null,${failureText(result)}` : SUCCESS_END))
  // −1 where the part failed and has no offsets to count up.
  const next = results.map(result => ("error" in result ? -1 : result.baseOffset))
  let text = '{"offsets":['
  let part = 0
  let leftOfPart = counts[0] ?? 0
  for (let i = 0; i < count; i++) {
    if (partOf !== null) part = partOf[i]!
    else if (leftOfPart-- === 0) leftOfPart = counts[++part]! - 1
    const offset = next[part]!
    if (i > 0) text += ","
    if (offset < 0) text += before[part]! + after[part]!
    else {
      text += before[part]! + offset + after[part]!
      next[part] = offset + 1
    }
  }
  return `${text}]}`
}

/**
 * The JSON that answers an append, as text or its bytes. Parts fail one by one, as in Kafka REST; where all of them failed, the first
 * one's error is thrown and becomes the answer.
 */
export function produceReplyBody(
  results: readonly AppendResult[],
  plan: ProducePlan,
  summarised: boolean,
): string | Uint8Array {
  const first = results[0]
  if (first !== undefined && "error" in first && results.every(result => "error" in result)) throw first.error
  if (summarised) return summary(results, plan.counts)
  const inOrder = plan.partOf === null && results.every((result): result is OffsetRun => !("error" in result))
  return inOrder ? offsetEntries(results as readonly OffsetRun[]) : perRecord(results, plan)
}
