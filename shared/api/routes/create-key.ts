import * as v from "valibot"
import { KEY_RATES, keyLimits } from "../auth/key-limits.ts"
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

const rate = (description: string) =>
  v.optional(v.pipe(v.number("expected a number"), v.description(description)))

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
  rowFilter: v.optional(
    v.pipe(
      v.string("expected a condition as text"),
      v.description(
        "A condition over columns, such as `member_id = 7`: no other row is there for the key's queries.",
      ),
    ),
  ),
  queriesPerSecond: rate("Queries that each process answers the key, a second on average."),
  produceBytesPerSecond: rate("Bytes of bodies that each process takes from the key, a second on average."),
  produceRequestsPerSecond: rate("Requests to append that each process takes from it."),
  consumeBytesPerSecond: rate("Bytes of records that each process gives to it."),
  consumeRequestsPerSecond: rate("Requests for records that each process answers it."),
})

/** A key's rates, in answers. */
export const shownRates = Object.fromEntries(KEY_RATES.map(name => [name, v.optional(v.number())]))

const answer = v.object({
  id: v.string(),
  key: v.pipe(v.string(), v.description("The key itself: it is told this once.")),
  name: v.string(),
  scopes: v.array(v.string()),
  created: v.number(),
  rowFilter: v.optional(v.string()),
  ...shownRates,
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
    const { name, scopes, ...limits } = jsonBody(request, body)
    const made = await keysOf(context).create(name, scopes, keyLimits(limits))
    const { id, key, created } = made
    const shown = { id, key, name: made.name, scopes: made.scopes, created, ...keyLimits(made) }
    const reply = jsonReply(201, shown)
    return { ...reply, headers: { ...reply.headers, location: `/keys/${id}`, "cache-control": "no-store" } }
  },
})
