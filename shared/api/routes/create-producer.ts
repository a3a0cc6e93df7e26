import * as v from "valibot"
import { emptyBody, jsonBody } from "../body.ts"
import { mediaTypes } from "../media-type.ts"
import { anyHeaders, nothing } from "../nothing.ts"
import { jsonReply } from "../reply.ts"
import { route } from "../route.ts"

const answer = v.object({ id: v.string(), epoch: v.number() })

export const createProducer = route({
  method: "POST",
  path: "/producers",
  id: "createProducer",
  summary: "A fresh producer id",
  description: "Send it as Producer-Id, with Producer-Epoch and Producer-Seq, and appends are idempotent.",
  access: { kind: "topic", some: true, action: "write" },
  schemas: { path: nothing, query: nothing, headers: anyHeaders },
  body: { description: "Nothing, or {}.", required: false, content: { [mediaTypes.json]: emptyBody } },
  answers: { 200: { description: "The producer.", content: { [mediaTypes.json]: answer } } },
  async handle({ request }, { log }) {
    if (request.body.length > 0) jsonBody(request, emptyBody)
    const { id, epoch } = await log.createProducer()
    return jsonReply(200, { id, epoch })
  },
})
