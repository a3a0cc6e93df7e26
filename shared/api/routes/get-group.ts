import * as v from "valibot"
import { assignorName, groupPath, groupState, subscription } from "../group-schemas.ts"
import { mediaTypes } from "../media-type.ts"
import { anyHeaders, nothing } from "../nothing.ts"
import { jsonReply } from "../reply.ts"
import { route } from "../route.ts"
import { mayRead, ofReadable } from "../topic-rights.ts"

const answer = v.object({
  group: v.string(),
  state: groupState,
  epoch: v.number(),
  assignor: assignorName,
  members: v.array(
    v.object({
      member: v.string(),
      instanceId: v.optional(v.string()),
      memberEpoch: v.number(),
      subscription,
      assignment: v.array(
        v.object({ topic: v.string(), topicId: v.string(), partitions: v.array(v.number()) }),
      ),
      deadline: v.pipe(v.number(), v.description("After which the member is gone, epoch ms.")),
    }),
  ),
})

export const getGroup = route({
  method: "GET",
  path: "/groups/:group",
  id: "getGroup",
  summary: "A group and its members",
  description: "Of the topics that the caller may read.",
  access: ({ group: name }) => [{ kind: "group", name, action: "read" }],
  schemas: { path: groupPath, query: nothing, headers: anyHeaders },
  answers: {
    200: { description: "What each member reads, as it last told.", content: { [mediaTypes.json]: answer } },
    404: { description: "There is no such group." },
  },
  async handle({ path, access }, { log }) {
    const found = await log.groups.describe(path.group)
    const members = found.members.map(member => {
      const { subscription: wanted, assignment } = member
      const shown =
        "topics" in wanted ? { topics: wanted.topics.filter(topic => mayRead(access, topic)) } : wanted
      return { ...member, subscription: shown, assignment: ofReadable(access, assignment) }
    })
    return jsonReply(200, { ...found, members })
  },
})
