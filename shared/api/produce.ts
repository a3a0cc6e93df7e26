import type * as v from "valibot"
import type { Access } from "./auth/access.ts"
import { checkAtDoor } from "./door.ts"
import type { producerHeaders } from "./parameters.ts"
import { produceJournalled } from "./produce-journalled.ts"
import { produceReplyBody } from "./produce-reply.ts"
import { producePlan } from "./produce-request.ts"
import { producerStamp } from "./producer-stamp.ts"
import type { produceQuery } from "./record-bodies.ts"
import { kafkaReply } from "./reply.ts"
import type { ApiRequest, ApiResponse, ApiServices } from "./types.ts"

/** What both produce routes hand over; `partition` is there on one of them. */
export interface ProduceRouteInput {
  readonly access: Access
  readonly request: ApiRequest
  readonly path: { readonly topic: string; readonly partition?: number }
  readonly query: v.InferOutput<typeof produceQuery>
  readonly headers: v.InferOutput<typeof producerHeaders>
}

/** Throws ApiError `quota_exceeded` before anything of the body is looked at. */
async function count(
  { request, path, access }: ProduceRouteInput,
  { log, quotas }: Pick<ApiServices, "log" | "quotas">,
): Promise<void> {
  const meter = quotas?.request("produce", access.caller)
  if (meter === undefined) return
  const topic = await log.topic(path.topic)
  meter.topic(topic)
  meter.bytes(topic.id, request.body.length)
}

/** Appends a request's records and answers with their offsets, or hands them to the journal. */
export async function produce(
  input: ProduceRouteInput,
  services: Pick<ApiServices, "log" | "journal" | "quotas">,
): Promise<ApiResponse> {
  await count(input, services)
  if (input.query.ack === "journal") return produceJournalled(input, services)
  const { log } = services
  const { request, path, query, headers } = input
  const { key: keyField, summary = false } = query
  const producer = producerStamp(headers)
  const plan = await producePlan({ request, ...path, keyField, summary, producer }, log)
  // A batch of no events.
  if (plan.count === 0) return kafkaReply(request, 200, { offsets: [] })
  checkAtDoor(await log.topic(path.topic), plan.append.parts)
  const results = await log.append(plan.append)
  return kafkaReply(request, 200, produceReplyBody(results, plan, summary))
}
