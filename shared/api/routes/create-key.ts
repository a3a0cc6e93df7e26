import * as v from "valibot"
import { KEY_SCOPES_MAX } from "../auth/limits.ts"
import { scopeFault } from "../auth/scopes.ts"
import { jsonBody } from "../body.ts"
import { mediaTypes } from "../media-type.ts"
import { anyHeaders, nothing } from "../nothing.ts"
import { keysOf } from "../offered.ts"
import { name } from "../parameters.ts"
import { jsonReply } from "../reply.ts"
import { route } from "../route.ts"

const scopesExpected = `expected 1 to ${KEY_SCOPES_MAX} scopes`

const body = v.strictObject({
  name: name("key"),
  scopes: v.pipe(
    v.array(
      v.pipe(
        v.string("expected a scope as text"),
        v.check(
          scope => scopeFault(scope) === undefined,
          issue => scopeFault(issue.input) ?? "expected a scope",
        ),
      ),
      scopesExpected,
    ),
    v.minLength(1, scopesExpected),
    v.maxLength(KEY_SCOPES_MAX, scopesExpected),
    v.description("Such as `topic:ads:write`, `table:*:query`, or `*` for everything."),
  ),
})

const answer = v.object({
  id: v.string(),
  key: v.pipe(v.string(), v.description("The key itself: it is told this once.")),
  name: v.string(),
  scopes: v.array(v.string()),
  created: v.number(),
})

export const createKey = route({
  method: "POST",
  path: "/keys",
  id: "createKey",
  summary: "Make a key",
  description: "Only its hash is kept: whoever loses it makes another one.",
  access: () => [{ kind: "deployment", action: "admin" }],
  schemas: { path: nothing, query: nothing, headers: anyHeaders },
  body: { description: "Its name and scopes.", required: true, content: { [mediaTypes.json]: body } },
  answers: {
    201: { description: "The key is made.", content: { [mediaTypes.json]: answer } },
    409: { description: "There are too many keys." },
  },
  async handle({ request }, context) {
    const { name, scopes } = jsonBody(request, body)
    const { id, key, created, ...made } = await keysOf(context).create(name, scopes)
    const reply = jsonReply(201, { id, key, name: made.name, scopes: made.scopes, created })
    return { ...reply, headers: { ...reply.headers, location: `/keys/${id}`, "cache-control": "no-store" } }
  },
})
