import * as v from "valibot"
import { mediaTypes } from "../media-type.ts"
import { anyHeaders, nothing } from "../nothing.ts"
import { kafkaReply } from "../reply.ts"
import { route } from "../route.ts"

export const listTopics = route({
  method: "GET",
  path: "/topics",
  id: "listTopics",
  summary: "The names of all topics",
  schemas: { path: nothing, query: nothing, headers: anyHeaders },
  answers: {
    200: { description: "The names, ascending.", content: { [mediaTypes.json]: v.array(v.string()) } },
  },
  async handle({ request }, { log }) {
    const topics = await log.listTopics()
    return kafkaReply(request, 200, topics.map(topic => topic.name).sort())
  },
})
