import { groupPath } from "../group-schemas.ts"
import { anyHeaders, nothing } from "../nothing.ts"
import { route } from "../route.ts"

export const deleteGroup = route({
  method: "DELETE",
  path: "/groups/:group",
  id: "deleteGroup",
  summary: "Forget a group and its offsets",
  access: ({ group: name }) => [{ kind: "group", name, action: "admin" }],
  schemas: { path: groupPath, query: nothing, headers: anyHeaders },
  answers: {
    204: { description: "It is gone." },
    404: { description: "There is no such group." },
    409: { description: "The group has members." },
  },
  async handle({ path }, { log }) {
    await log.groups.delete(path.group)
    return { status: 204, headers: {}, body: "" }
  },
})
