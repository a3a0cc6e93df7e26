import * as v from "valibot"
import { groupPath } from "../group-schemas.ts"
import { mediaTypes } from "../media-type.ts"
import { anyHeaders, nothing } from "../nothing.ts"
import { jsonReply } from "../reply.ts"
import { route } from "../route.ts"
import { ofReadable } from "../topic-rights.ts"

const answer = v.object({
  lags: v.array(
    v.object({
      topic: v.string(),
      topicId: v.string(),
      partition: v.number(),
      offset: v.number(),
      metadata: v.string(),
      committed: v.pipe(v.number(), v.description("Epoch ms.")),
      startOffset: v.number(),
      endOffset: v.number(),
      lag: v.pipe(
        v.number(),
        v.description("From the committed offset, or the log's start where that is higher, to the end."),
      ),
      member: v.optional(v.string()),
    }),
  ),
})

export const getLag = route({
  method: "GET",
  path: "/groups/:group/lag",
  id: "getLag",
  summary: "How far a group is behind",
  description: "Of every partition that it has committed, of topics that the caller may read.",
  access: ({ group: name }) => [{ kind: "group", name, action: "read" }],
  schemas: { path: groupPath, query: nothing, headers: anyHeaders },
  answers: {
    200: { description: "By topic and partition.", content: { [mediaTypes.json]: answer } },
    404: { description: "There is no such group." },
  },
  async handle({ path, access }, { log }) {
    return jsonReply(200, { lags: ofReadable(access, await log.groups.lag(path.group)) })
  },
})
