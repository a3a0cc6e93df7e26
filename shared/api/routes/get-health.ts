import { mediaTypes } from "../media-type.ts"
import { anyHeaders, nothing } from "../nothing.ts"
import { route } from "../route.ts"

export const getHealth = route({
  method: "GET",
  path: "/health",
  id: "getHealth",
  summary: "Whether the server can serve",
  access: "public",
  schemas: { path: nothing, query: nothing, headers: anyHeaders },
  answers: {
    200: { description: "It can.", content: { "text/plain": undefined } },
    503: { description: "It cannot, yet or any more.", content: { "text/plain": undefined } },
  },
  async handle(_input, { healthy }) {
    const fine = healthy === undefined || (await healthy())
    return {
      status: fine ? 200 : 503,
      headers: { "content-type": mediaTypes.text, "cache-control": "no-store" },
      body: fine ? "OK" : "NOT OK",
    }
  },
})
