import * as v from "valibot"
import { committedAnswer, groupPath } from "../group-schemas.ts"
import { mediaTypes } from "../media-type.ts"
import { anyHeaders } from "../nothing.ts"
import { name } from "../parameters.ts"
import { jsonReply } from "../reply.ts"
import { route } from "../route.ts"

export const getCommitted = route({
  method: "GET",
  path: "/groups/:group/offsets",
  id: "getCommitted",
  summary: "What a group has committed",
  description: "By topic and partition; of a group that does not exist, nothing.",
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
  async handle({ path, query }, { log }) {
    return jsonReply(200, { offsets: await log.groups.committed(path.group, query.topic) })
  },
})
