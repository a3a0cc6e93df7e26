import * as v from "valibot"
import { committedAnswer, groupPath } from "../group-schemas.ts"
import { mediaTypes } from "../media-type.ts"
import { anyHeaders } from "../nothing.ts"
import { name } from "../parameters.ts"
import { jsonReply } from "../reply.ts"
import { route } from "../route.ts"
import { demandTopics, ofReadable } from "../topic-rights.ts"

export const getCommitted = route({
  method: "GET",
  path: "/groups/:group/offsets",
  id: "getCommitted",
  summary: "What a group has committed",
  description:
    "Of topics that the caller may read, by topic and partition; of a group that does not exist, nothing.",
  access: ({ group: name }) => [{ kind: "group", name, action: "read" }],
  schemas: {
    path: groupPath,
    query: v.strictObject({ topic: v.optional(name("topic")) }),
    headers: anyHeaders,
  },
  answers: {
    200: { description: "The offsets.", content: { [mediaTypes.json]: committedAnswer } },
    404: { description: "There is no such topic." },
  },
  async handle({ path, query, access }, { log }) {
    if (query.topic !== undefined) demandTopics(access, [query.topic])
    const offsets = await log.groups.committed(path.group, query.topic)
    return jsonReply(200, { offsets: ofReadable(access, offsets) })
  },
})
