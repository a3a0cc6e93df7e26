import * as v from "valibot"
import { mediaTypes } from "../media-type.ts"
import { anyHeaders, nothing } from "../nothing.ts"
import { name, partitionText } from "../parameters.ts"
import { kafkaReply } from "../reply.ts"
import { route } from "../route.ts"

const answer = v.object({ beginning_offset: v.number(), end_offset: v.number() })

export const getOffsets = route({
  method: "GET",
  path: "/topics/:topic/partitions/:partition/offsets",
  id: "getOffsets",
  summary: "The first offset of a partition and the one after its last",
  access: ({ topic: name }) => [{ kind: "topic", name, action: "read" }],
  schemas: {
    path: v.strictObject({ topic: name("topic"), partition: partitionText }),
    query: nothing,
    headers: anyHeaders,
  },
  answers: {
    200: { description: "The offsets.", content: { [mediaTypes.json]: answer } },
    404: { description: "There is no such topic or partition." },
  },
  async handle({ request, path }, { log }) {
    const topic = await log.topic(path.topic)
    const { beginningOffset, endOffset } = await log.offsets(topic.id, path.partition)
    return kafkaReply(request, 200, { beginning_offset: beginningOffset, end_offset: endOffset })
  },
})
