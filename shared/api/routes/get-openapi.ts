import { mediaTypes } from "../media-type.ts"
import { anyHeaders, nothing } from "../nothing.ts"
import { jsonReply } from "../reply.ts"
import { route } from "../route.ts"

export const getOpenapi = route({
  method: "GET",
  path: "/openapi.json",
  id: "getOpenapi",
  summary: "This API as an OpenAPI 3.1 document",
  access: "caller",
  schemas: { path: nothing, query: nothing, headers: anyHeaders },
  answers: { 200: { description: "The document.", content: { [mediaTypes.json]: undefined } } },
  async handle(_input, { openapi }) {
    return jsonReply(200, openapi())
  },
})
