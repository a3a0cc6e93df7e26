import * as v from "valibot"
import { memberPath } from "../group-schemas.ts"
import { anyHeaders } from "../nothing.ts"
import { offsetText } from "../parameters.ts"
import { route } from "../route.ts"

export const leaveGroup = route({
  method: "DELETE",
  path: "/groups/:group/members/:member",
  id: "leaveGroup",
  summary: "Leave a group",
  description: "What the member owned is free at once. Who is no member has left.",
  access: ({ group: name }) => [{ kind: "group", name, action: "read" }],
  schemas: {
    path: memberPath,
    query: v.strictObject({ epoch: offsetText("The epoch of the member's last reply.") }),
    headers: anyHeaders,
  },
  answers: {
    204: { description: "It is gone." },
    409: { description: "The epoch is none of this member's." },
  },
  async handle({ path: { group, member }, query }, { log }) {
    await log.groups.leave(group, { member, memberEpoch: query.epoch })
    return { status: 204, headers: {}, body: "" }
  },
})
