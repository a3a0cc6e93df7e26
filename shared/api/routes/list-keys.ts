import * as v from "valibot"
import { mediaTypes } from "../media-type.ts"
import { anyHeaders, nothing } from "../nothing.ts"
import { keysOf } from "../offered.ts"
import { jsonReply } from "../reply.ts"
import { route } from "../route.ts"
import { shownRates } from "./create-key.ts"

const answer = v.object({
  keys: v.array(
    v.object({
      id: v.string(),
      name: v.string(),
      scopes: v.array(v.string()),
      created: v.number(),
      rowFilter: v.optional(v.string()),
      ...shownRates,
    }),
  ),
})

export const listKeys = route({
  method: "GET",
  path: "/keys",
  id: "listKeys",
  summary: "The keys: what they are for, not themselves",
  access: () => [{ kind: "deployment", action: "admin" }],
  schemas: { path: nothing, query: nothing, headers: anyHeaders },
  answers: { 200: { description: "By id.", content: { [mediaTypes.json]: answer } } },
  async handle(_input, context) {
    return jsonReply(200, { keys: await keysOf(context).list() })
  },
})
