import * as v from "valibot"
import { jsonBody } from "../body.ts"
import { committedAnswer, groupPath, offsetList, offsetReset } from "../group-schemas.ts"
import { mediaTypes } from "../media-type.ts"
import { anyHeaders, nothing } from "../nothing.ts"
import { jsonReply } from "../reply.ts"
import { route } from "../route.ts"
import { demandTopics } from "../topic-rights.ts"

const body = v.strictObject({ offsets: offsetList(offsetReset) })

export const resetOffsets = route({
  method: "PUT",
  path: "/groups/:group/offsets",
  id: "resetOffsets",
  summary: "Set a group's offsets",
  description:
    "To an offset, the log's start or end, or a time; only while the group has no members. Each topic needs `topic:<name>:read`.",
  access: ({ group: name }) => [{ kind: "group", name, action: "admin" }],
  schemas: { path: groupPath, query: nothing, headers: anyHeaders },
  body: { description: "Where to.", required: true, content: { [mediaTypes.json]: body } },
  answers: {
    200: { description: "What is committed now.", content: { [mediaTypes.json]: committedAnswer } },
    404: { description: "There is no such topic or partition." },
    409: { description: "The group has members." },
  },
  async handle({ request, path, access }, { log }) {
    const { offsets } = jsonBody(request, body)
    demandTopics(
      access,
      offsets.map(({ topic }) => topic),
    )
    return jsonReply(200, { offsets: await log.groups.setOffsets(path.group, offsets) })
  },
})
