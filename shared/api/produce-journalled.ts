import { appendToJournal, type JournalledEntry } from "../log/journal/door.ts"
import { checkAtDoor } from "./door.ts"
import { errorForm } from "./error-reply.ts"
import { ApiError } from "./errors.ts"
import type { ProduceRouteInput } from "./produce.ts"
import { producePlan } from "./produce-request.ts"
import { producerStamp } from "./producer-stamp.ts"
import { kafkaReply } from "./reply.ts"
import type { ApiResponse, ApiServices } from "./types.ts"

/**
 * Hands a request's records to the deployment's journal and answers 202 with their positions in it. Entries fail one by
 * one; where all of them failed, their error is the answer.
 * @throws ApiError `invalid` without a journal, or with producer headers; what `producePlan` and `appendToJournal` throw
 */
export async function produceJournalled(
  { request, path, query, headers }: ProduceRouteInput,
  { log, journal }: Pick<ApiServices, "log" | "journal">,
): Promise<ApiResponse> {
  if (journal === undefined) {
    throw new ApiError(
      "invalid",
      "query.ack: this deployment has no journal; leave ack out, or deploy it with journal: true",
    )
  }
  if (producerStamp(headers) !== undefined) {
    throw new ApiError(
      "invalid",
      "query.ack: expected no producer headers beside journal, since nobody could be told of a gap after the answer; leave out one or the other",
    )
  }
  // The answer has one entry a batch, so that it is short for any number of records.
  const plan = await producePlan({ request, ...path, keyField: query.key, summary: true }, log)
  if (plan.count === 0) return kafkaReply(request, 202, { entries: [] })
  const topic = await log.topic(path.topic)
  checkAtDoor(topic, plan.append.parts)
  const entries = await appendToJournal(log, journal, topic, plan.append.parts)
  throwIfAllFailed(entries)
  return kafkaReply(request, 202, { entries: entries.map(shown) })
}

/** That something may have been taken is the graver news. */
function throwIfAllFailed(entries: readonly JournalledEntry[]): void {
  const errors = entries.flatMap(entry => ("error" in entry ? [entry.error] : []))
  if (errors.length === 0 || errors.length < entries.length) return
  throw errors.find(({ code }) => code === "outcome_unknown") ?? errors[0]
}

function shown(entry: JournalledEntry): object {
  const { partition, count } = entry
  if ("position" in entry) return { partition, ...entry.position, count }
  const { error } = entry
  const { errorCode } = errorForm(error)
  return { partition, shard: null, sequence: null, count, error_code: errorCode, error: error.message }
}
