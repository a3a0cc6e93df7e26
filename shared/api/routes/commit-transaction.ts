import { LogError } from "../../log/errors.ts"
import { cutPayload, readFrame } from "../../log/records/index.ts"
import type { TransactionBatch } from "../../log/transactions/types.ts"
import type { Log, TopicInfo } from "../../log/types.ts"
import type { Access } from "../auth/access.ts"
import { jsonBody, unsupportedMediaType } from "../body.ts"
import { checkAtDoor } from "../door.ts"
import { ApiError } from "../errors.ts"
import { essence, mediaTypes } from "../media-type.ts"
import { anyHeaders, nothing } from "../nothing.ts"
import type { Meter } from "../quotas.ts"
import { jsonReply } from "../reply.ts"
import { route } from "../route.ts"
import { demandTopics } from "../topic-rights.ts"
import { commitHead, resultAnswer, transactionPath } from "../transaction-schemas.ts"
import type { ApiRequest } from "../types.ts"
import { validate } from "../validate.ts"

/** A commit as it was sent: framed, or as JSON where it brings no batches. */
function readCommit(request: ApiRequest) {
  const type = essence(request.headers["content-type"])
  if (type === mediaTypes.framed) {
    const { head, payload } = readFrame(request.body)
    const read = validate("body.head", commitHead, head)
    const cut = cutPayload(
      payload,
      read.batches.map(batch => batch.bytes),
    )
    return { ...read, batches: read.batches.map((batch, index) => ({ ...batch, bytes: cut[index] })) }
  }
  if (type !== mediaTypes.json) throw unsupportedMediaType(request, [mediaTypes.framed, mediaTypes.json])
  const read = jsonBody(request, commitHead)
  if (read.batches.length > 0) {
    throw new ApiError("invalid", `body.batches: expected none in JSON; send them as ${mediaTypes.framed}`)
  }
  return { ...read, batches: [] }
}

/** The caller may write what it commits, and it is what its topics take. */
async function checkBatches(
  batches: readonly TransactionBatch[],
  log: Log,
  { access, meter }: { readonly access: Access; readonly meter: Meter | undefined },
): Promise<void> {
  // Before anything is looked up: the refusal must not tell whether there is such a topic.
  for (const { topic } of batches) access.demand({ kind: "topic", name: topic, action: "write" })
  const infos = new Map<string, TopicInfo>()
  for (const { topic, topicId, partition, bytes } of batches) {
    const key = topicId ?? topic
    const info = infos.get(key) ?? (await (topicId === undefined ? log.topic(topic) : log.topicById(topicId)))
    // The caller's scope is for the name: an id is no way round it.
    if (info.name !== topic) {
      throw new LogError("unknown_topic", `topic ${JSON.stringify(topic)} has not the id ${topicId}`)
    }
    if (!infos.has(key)) meter?.topic(info)
    infos.set(key, info)
    meter?.bytes(info.id, bytes.length)
    checkAtDoor(info, [{ partition, batch: bytes }])
  }
}

export const commitTransaction = route({
  method: "POST",
  path: "/transactions/:transaction/commit",
  id: "commitTransaction",
  summary: "Commit a transaction",
  description:
    "With all its batches, framed, where nothing of it was appended before: they are appended and committed at once. Else without: what was appended is committed. Offsets of groups stand once it is. The same request again is answered the same. `aborted` is answered where it was aborted before, by its time-out or by an abort.",
  access: ({ transaction: name }) => [{ kind: "transaction", name, action: "write" }],
  schemas: { path: transactionPath, query: nothing, headers: anyHeaders },
  body: {
    description: "The transaction; its batches as framed bytes.",
    required: true,
    content: { [mediaTypes.framed]: undefined, [mediaTypes.json]: commitHead },
  },
  answers: {
    200: {
      description: "The outcome, the next transaction, and the batches' offsets in their order.",
      content: { [mediaTypes.json]: resultAnswer },
    },
    403: { description: "Another producer has taken its place." },
    404: { description: "The transactional id, or a topic, is not known." },
    409: { description: "It cannot be committed so, or a group's partition has another owner." },
    413: { description: "It is too large to be committed at once: append its batches first." },
  },
  async handle({ request, path, access }, { log, quotas }) {
    const meter = quotas?.request("produce", access.caller)
    const commit = readCommit(request)
    for (const { group: name, offsets } of commit.offsets) {
      access.demand({ kind: "group", name, action: "read" })
      demandTopics(
        access,
        offsets.map(({ topic }) => topic),
      )
    }
    await checkBatches(commit.batches, log, { access, meter })
    return jsonReply(200, {
      ...(await log.transactions.commit({ transactionalId: path.transaction, ...commit })),
    })
  },
})
