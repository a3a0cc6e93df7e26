import * as v from "valibot"
import { jsonBody } from "../body.ts"
import { mediaTypes } from "../media-type.ts"
import { anyHeaders, nothing } from "../nothing.ts"
import { integerNumber, name, partitionText } from "../parameters.ts"
import { kafkaReply } from "../reply.ts"
import { route } from "../route.ts"

const body = v.strictObject({
  before: integerNumber(
    -1,
    Number.MAX_SAFE_INTEGER,
    "The first offset that stays; -1: all that is committed now goes.",
  ),
})

const answer = v.object({ startOffset: v.number() })

export const deleteRecords = route({
  method: "POST",
  path: "/topics/:topic/partitions/:partition/delete-records",
  id: "deleteRecords",
  summary: "Delete a partition's records below an offset",
  description:
    "They can no longer be read once this is answered; what they take is given back later. Tables keep their rows; a job that has not read them stops and says so.",
  access: ({ topic: name }) => [{ kind: "topic", name, action: "admin" }],
  schemas: {
    path: v.strictObject({ topic: name("topic"), partition: partitionText }),
    query: nothing,
    headers: anyHeaders,
  },
  body: { description: "Up to where.", required: true, content: { [mediaTypes.json]: body } },
  answers: {
    200: {
      description: "Where the log begins now; above `before` where it began there already.",
      content: { [mediaTypes.json]: answer },
    },
    404: {
      description:
        "There is no such topic or partition, or `offset_out_of_range`: the offset lies beyond the last one that is committed, `end`.",
    },
  },
  async handle({ request, path }, { log }) {
    const { before } = jsonBody(request, body)
    const { id } = await log.topic(path.topic)
    return kafkaReply(request, 200, { startOffset: await log.deleteRecords(id, path.partition, before) })
  },
})
