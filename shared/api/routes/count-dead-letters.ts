import * as v from "valibot"
import { mediaTypes } from "../media-type.ts"
import { anyHeaders, nothing } from "../nothing.ts"
import { deadLettersOf } from "../offered.ts"
import { jsonReply } from "../reply.ts"
import { route } from "../route.ts"

export const countDeadLetters = route({
  method: "GET",
  path: "/dead-letters",
  id: "countDeadLetters",
  summary: "How much was set aside because it failed",
  access: () => [{ kind: "deployment", action: "admin" }],
  schemas: { path: nothing, query: nothing, headers: anyHeaders },
  answers: {
    200: {
      description: "About how many there are.",
      content: { [mediaTypes.json]: v.object({ count: v.number() }) },
    },
    404: { description: "This server sets nothing aside." },
  },
  async handle(_input, context) {
    return jsonReply(200, { count: await deadLettersOf(context).count() })
  },
})
