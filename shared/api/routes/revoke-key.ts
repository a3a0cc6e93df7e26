import * as v from "valibot"
import { ApiError } from "../errors.ts"
import { anyHeaders, nothing } from "../nothing.ts"
import { keysOf } from "../offered.ts"
import { route } from "../route.ts"

const id = v.pipe(
  v.string(),
  v.regex(/^[0-9a-f]{16}$/, "expected a key's id, 16 of 0-9 a-f, as GET /keys lists them"),
  v.description("The key's id: 16 of 0-9 a-f"),
)

export const revokeKey = route({
  method: "DELETE",
  path: "/keys/:id",
  id: "revokeKey",
  summary: "Revoke a key",
  description: "It is refused everywhere within a minute.",
  access: () => [{ kind: "deployment", action: "admin" }],
  schemas: { path: v.strictObject({ id }), query: nothing, headers: anyHeaders },
  answers: {
    204: { description: "The key is revoked." },
    404: { description: "There is no such key." },
  },
  async handle({ path }, context) {
    if (!(await keysOf(context).revoke(path.id))) {
      throw new ApiError("unknown_key", `There is no key ${path.id}; GET /keys lists them.`)
    }
    context.authenticate?.forget?.(path.id)
    return { status: 204, headers: {}, body: "" }
  },
})
