import * as v from "valibot"
import { TABLE_TOPIC_PREFIX } from "../../definition/records.ts"
import { mediaTypes } from "../media-type.ts"
import { anyHeaders, nothing } from "../nothing.ts"
import { kafkaReply } from "../reply.ts"
import { route } from "../route.ts"

/** Topics that stand behind tables are part of these. */
const isOwn = (name: string) => !name.startsWith(TABLE_TOPIC_PREFIX)

export const listTopics = route({
  method: "GET",
  path: "/topics",
  id: "listTopics",
  summary: "The names of all topics that the caller may read or write",
  access: "caller",
  schemas: { path: nothing, query: nothing, headers: anyHeaders },
  answers: {
    200: { description: "The names, ascending.", content: { [mediaTypes.json]: v.array(v.string()) } },
  },
  async handle({ request, access }, { log }) {
    const names = (await log.listTopics()).map(topic => topic.name).filter(isOwn)
    const shown = names.filter(
      name =>
        access.may({ kind: "topic", name, action: "read" }) ||
        access.may({ kind: "topic", name, action: "write" }),
    )
    return kafkaReply(request, 200, shown.sort())
  },
})
