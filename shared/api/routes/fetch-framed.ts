import * as v from "valibot"
import { LogError } from "../../log/errors.ts"
import { framePieces } from "../../log/records/index.ts"
import type { Log } from "../../log/types.ts"
import type { Access } from "../auth/access.ts"
import { jsonBody } from "../body.ts"
import { errorEntry, isOurs } from "../error-reply.ts"
import { fetchPartitions, type PartitionFetch, type PartitionFetched } from "../fetch-partitions.ts"
import { epochNumber, groupName, memberName } from "../group-schemas.ts"
import { FETCH_BYTES_DEFAULT, FRAMED_BATCHES_MAX, REPLY_BYTES_MAX, WAIT_MS_MAX } from "../limits.ts"
import { mediaTypes } from "../media-type.ts"
import { anyHeaders, nothing } from "../nothing.ts"
import { integerNumber, name, partitionNumber } from "../parameters.ts"
import type { Meter } from "../quotas.ts"
import { type RouteContext, route } from "../route.ts"

const OFFSET_MAX = Number.MAX_SAFE_INTEGER

const wanted = v.strictObject({
  topic: name("topic"),
  topicId: v.optional(
    v.pipe(v.string(), v.description("The topic that is meant, whatever the name stands for now.")),
  ),
  partition: partitionNumber,
  offset: integerNumber(0, OFFSET_MAX, "The first offset to answer."),
  maxBytes: v.optional(
    integerNumber(1, REPLY_BYTES_MAX, "Where this partition's share is cut. Default: where the reply is."),
  ),
})

type Wanted = v.InferOutput<typeof wanted>

const body = v.strictObject({
  partitions: v.pipe(
    v.array(wanted),
    v.minLength(1, "expected at least one partition"),
    v.maxLength(FRAMED_BATCHES_MAX, `expected at most ${FRAMED_BATCHES_MAX} partitions`),
  ),
  maxBytes: v.optional(
    integerNumber(1, REPLY_BYTES_MAX, "Where the reply is cut; it always holds one batch. Default 1 MiB."),
  ),
  waitMs: v.optional(
    integerNumber(0, WAIT_MS_MAX, "How long to wait while no partition has records, ms. Default 0."),
  ),
  isolation: v.optional(v.picklist(["read_committed", "read_uncommitted"])),
  group: v.optional(
    v.pipe(
      v.strictObject({
        group: groupName,
        member: memberName,
        memberEpoch: epochNumber("The epoch of the member's last reply."),
      }),
      v.description("The member that reads: partitions that are not its own fail with `fenced_member`."),
    ),
  ),
})

/** The bytes that the head of a reply takes for each partition, and for each batch, so that all stays within bounds. */
const HEAD_BYTES = 400

interface Target {
  readonly topicId: string
  readonly name: string
}

interface Caller {
  readonly access: Access
  readonly meter: Meter | undefined
}

async function targetOf({ topic, topicId }: Wanted, log: Log, { access, meter }: Caller): Promise<Target> {
  access.demand({ kind: "topic", name: topic, action: "read" })
  const info = await (topicId === undefined ? log.topic(topic) : log.topicById(topicId))
  // The caller's scope is for the name: an id is no way round it.
  if (info.name !== topic)
    throw new LogError("unknown_topic", `topic ${JSON.stringify(topic)} has not the id ${topicId}`)
  meter?.topic(info)
  return { topicId: info.id, name: topic }
}

function entryOf(want: Wanted, target: Target | { error: unknown }, fetched: PartitionFetched): object {
  const { topic, partition, offset } = want
  const own = { topic, topicId: "error" in target ? want.topicId : target.topicId, partition }
  if ("error" in target) return { ...own, nextOffset: offset, bytes: [], ...errorEntry(target.error) }
  if (fetched === undefined) return { ...own, nextOffset: offset, bytes: [] }
  if ("error" in fetched) return { ...own, nextOffset: offset, bytes: [], ...errorEntry(fetched.error) }
  const { nextOffset, endOffset, startOffset = 0, batches } = fetched
  return { ...own, nextOffset, endOffset, startOffset, bytes: batches.map(({ bytes }) => bytes.length) }
}

export const fetchFramed = route({
  method: "POST",
  path: "/fetch",
  id: "fetchFramed",
  summary: "Read batches of many partitions",
  description:
    "Answers what there is, framed: 4 bytes big-endian length of the head, the head (JSON), then the stored Kafka RecordBatches (v2) in the head's order. The first batch of a partition may begin below the offset asked for. Waits only while no partition has records. A partition that fails says so in its entry, and one for which no room was left has no `endOffset`. Each topic needs `topic:<name>:read`.",
  access: { kind: "topic", some: true, action: "read" },
  schemas: { path: nothing, query: nothing, headers: anyHeaders },
  body: {
    description: "The partitions, and where to go on in each.",
    required: true,
    content: { [mediaTypes.json]: body },
  },
  answers: {
    200: {
      description:
        "The head is `{partitions: [{topic, topicId, partition, nextOffset, endOffset, startOffset, bytes}]}`, one entry a partition of the request; `bytes` are its batches' lengths.",
      content: { [mediaTypes.framed]: undefined },
    },
    422: { description: "The body is wrong." },
  },
  async handle({ request, access }, context) {
    const { log, onFailure, quotas } = context
    const meter = quotas?.request("consume", access.caller)
    const fetch = jsonBody(request, body)
    const { partitions, maxBytes = FETCH_BYTES_DEFAULT, waitMs = 0, isolation, group } = fetch
    if (group !== undefined) access.demand({ kind: "group", name: group.group, action: "read" })
    const targets = await Promise.all(
      partitions.map(want => targetOf(want, log, { access, meter }).catch((error: unknown) => ({ error }))),
    )
    const readable: number[] = []
    for (const [index, target] of targets.entries()) if (!("error" in target)) readable.push(index)
    const fetches = readable.map((index): PartitionFetch => {
      const { partition, offset, maxBytes: own = maxBytes } = partitions[index]
      return { topicId: (targets[index] as Target).topicId, partition, offset, bytesMax: own }
    })
    // A failure is news: who asked should hear of it at once.
    const wait = readable.length < partitions.length ? 0 : waitMs
    const found = await fetchPartitions(log, fetches, {
      bytesMax: Math.min(maxBytes, REPLY_BYTES_MAX - HEAD_BYTES * partitions.length),
      waitMs: wait,
      isolation,
      signal: wait > 0 ? stopSignal(request, context) : undefined,
      ...(group === undefined ? {} : { refusals: () => log.groups.checkFetch(group.group, group, fetches) }),
    })
    const results: PartitionFetched[] = new Array(partitions.length)
    for (const [at, index] of readable.entries()) results[index] = found[at]
    for (const result of results) {
      if (result !== undefined && "error" in result && isOurs(result.error))
        onFailure?.(result.error, request)
    }
    for (const [index, result] of results.entries()) {
      if (result === undefined || "error" in result) continue
      for (const { bytes } of result.batches) meter?.bytes((targets[index] as Target).topicId, bytes.length)
    }
    const entries = partitions.map((want, index) => entryOf(want, targets[index], results[index]))
    const batches = results.flatMap(result =>
      result === undefined || "error" in result ? [] : result.batches.map(({ bytes }) => bytes),
    )
    const headers = { "content-type": mediaTypes.framed, "cache-control": "no-store" }
    return { status: 200, headers, body: framePieces({ partitions: entries }, batches) }
  },
})

function stopSignal(request: { signal?: AbortSignal }, { closing }: RouteContext): AbortSignal {
  return request.signal === undefined ? closing : AbortSignal.any([request.signal, closing])
}
