import * as v from "valibot"
import { anyHeaders, nothing } from "../nothing.ts"
import { name } from "../parameters.ts"
import { route } from "../route.ts"

export const deleteTopic = route({
  method: "DELETE",
  path: "/topics/:topic",
  id: "deleteTopic",
  summary: "Delete a topic with its records",
  description: "The name is free at once; a topic made again under it is another one.",
  access: ({ topic: name }) => [{ kind: "topic", name, action: "admin" }],
  schemas: { path: v.strictObject({ topic: name("topic") }), query: nothing, headers: anyHeaders },
  answers: {
    204: { description: "The topic is gone." },
    404: { description: "There is no such topic." },
    409: { description: "The topic belongs to an app's definition, or is being deleted." },
  },
  async handle({ path }, { log }) {
    await log.deleteTopic(path.topic, "http")
    return { status: 204, headers: {}, body: "" }
  },
})
