import * as v from "valibot"
import { REDRIVE_MAX } from "../auth/limits.ts"
import { jsonBody } from "../body.ts"
import { mediaTypes } from "../media-type.ts"
import { anyHeaders, nothing } from "../nothing.ts"
import { deadLettersOf } from "../offered.ts"
import { jsonReply } from "../reply.ts"
import { route } from "../route.ts"

const maxExpected = `expected an integer, 1 to ${REDRIVE_MAX}`

const body = v.strictObject({
  max: v.optional(
    v.pipe(
      v.number(maxExpected),
      v.integer(maxExpected),
      v.minValue(1, maxExpected),
      v.maxValue(REDRIVE_MAX, maxExpected),
      v.description("How many to try."),
    ),
    REDRIVE_MAX,
  ),
})

const answer = v.object({
  redriven: v.pipe(v.number(), v.description("Tried again, with success: they are gone.")),
  failed: v.pipe(v.number(), v.description("Tried again in vain: they stay.")),
  remaining: v.pipe(v.number(), v.description("About how many there still are.")),
})

export const redriveDeadLetters = route({
  method: "POST",
  path: "/dead-letters/redrive",
  id: "redriveDeadLetters",
  summary: "Try again what was set aside",
  access: () => [{ kind: "deployment", action: "admin" }],
  schemas: { path: nothing, query: nothing, headers: anyHeaders },
  body: { description: "How many, or nothing.", required: false, content: { [mediaTypes.json]: body } },
  answers: {
    200: { description: "What became of them.", content: { [mediaTypes.json]: answer } },
    404: { description: "This server sets nothing aside." },
  },
  async handle({ request }, context) {
    const { max } = request.body.length > 0 ? jsonBody(request, body) : { max: REDRIVE_MAX }
    const { redriven, failed, remaining } = await deadLettersOf(context).redrive(max)
    return jsonReply(200, { redriven, failed, remaining })
  },
})
