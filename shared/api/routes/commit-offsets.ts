import * as v from "valibot"
import { jsonBody } from "../body.ts"
import { errorEntry } from "../error-reply.ts"
import { epochNumber, groupPath, memberName, offsetCommit, offsetList } from "../group-schemas.ts"
import { mediaTypes } from "../media-type.ts"
import { anyHeaders, nothing } from "../nothing.ts"
import { jsonReply } from "../reply.ts"
import { route } from "../route.ts"

const body = v.strictObject({
  member: v.optional(memberName),
  memberEpoch: v.optional(epochNumber("The epoch of the member's last reply."), 0),
  offsets: offsetList(offsetCommit),
})

const answer = v.object({
  offsets: v.array(
    v.object({
      topic: v.string(),
      partition: v.number(),
      error_code: v.optional(v.number()),
      error: v.optional(v.string()),
      reason: v.optional(v.string()),
    }),
  ),
})

export const commitOffsets = route({
  method: "POST",
  path: "/groups/:group/offsets",
  id: "commitOffsets",
  summary: "Commit offsets",
  description:
    "Of partitions that the member owns; without a member, of partitions that no member owns. Each topic needs `topic:<name>:read`. Each offset stands or fails by itself, and says so in its entry.",
  access: ({ group: name }) => [{ kind: "group", name, action: "read" }],
  schemas: { path: groupPath, query: nothing, headers: anyHeaders },
  body: { description: "The offsets.", required: true, content: { [mediaTypes.json]: body } },
  answers: {
    200: { description: "One entry an offset, in their order.", content: { [mediaTypes.json]: answer } },
    422: { description: "The offsets are wrong." },
  },
  async handle({ request, path, access }, { log }) {
    const { member, memberEpoch, offsets } = jsonBody(request, body)
    const stamp = member === undefined ? undefined : { member, memberEpoch }
    // Before anything is looked up: the refusal must not tell whether there is such a topic.
    const refusals = offsets.map(({ topic: name }) => access.refusal({ kind: "topic", name, action: "read" }))
    const taken = offsets.filter((_, at) => refusals[at] === undefined)
    const committed = taken.length === 0 ? [] : [...(await log.groups.commit(path.group, taken, stamp))]
    const outcomes = offsets.map((each, at) => {
      const error = refusals[at] ?? committed.shift()?.error
      return { ...each, error }
    })
    const entries = outcomes.map(({ topic, partition, error }) => ({
      topic,
      partition,
      ...(error === undefined ? {} : errorEntry(error)),
    }))
    return jsonReply(200, { offsets: entries })
  },
})
