import * as v from "valibot"
import { groupState } from "../group-schemas.ts"
import { mediaTypes } from "../media-type.ts"
import { anyHeaders, nothing } from "../nothing.ts"
import { jsonReply } from "../reply.ts"
import { route } from "../route.ts"

const answer = v.object({ groups: v.array(v.object({ group: v.string(), state: groupState })) })

export const listGroups = route({
  method: "GET",
  path: "/groups",
  id: "listGroups",
  summary: "All consumer groups",
  description: "Those that the caller may read.",
  access: { kind: "group", some: true, action: "read" },
  schemas: { path: nothing, query: nothing, headers: anyHeaders },
  answers: { 200: { description: "By their names.", content: { [mediaTypes.json]: answer } } },
  async handle({ access }, { log }) {
    const all = await log.groups.list()
    const groups = all.filter(({ group: name }) => access.may({ kind: "group", name, action: "read" }))
    return jsonReply(200, { groups })
  },
})
