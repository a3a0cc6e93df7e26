import { decodedRequest } from "./body.ts"
import { errorForm, errorReply } from "./error-reply.ts"
import { openapiText } from "./openapi.ts"
import { queryParameters } from "./query-string.ts"
import type { RouteContext } from "./route.ts"
import { Router } from "./router.ts"
import { routes } from "./routes.ts"
import type { Api, ApiRequest, ApiResponse, ApiServices } from "./types.ts"
import { validate } from "./validate.ts"

async function answer(router: Router, request: ApiRequest, context: RouteContext): Promise<ApiResponse> {
  const { route, parameters } = router.match(request.method, request.path)
  const { schemas } = route
  const path = validate("path", schemas.path, parameters)
  const query = validate("query", schemas.query, queryParameters(request.query))
  const headers = validate("headers", schemas.headers, request.headers)
  return route.handle({ request: await decodedRequest(request), path, query, headers }, context)
}

/**
 * Everything that Millrace answers over HTTP, whatever carries it.
 * @param services what the routes stand on; they are not closed here
 */
export function createApi(services: ApiServices): Api {
  const router = new Router(routes)
  const closing = new AbortController()
  let openapi: string | undefined
  const context: RouteContext = {
    ...services,
    closing: closing.signal,
    openapi() {
      openapi ??= openapiText(routes)
      return openapi
    },
  }
  return {
    refusal: async () => undefined,
    async handle(request) {
      try {
        const response = await answer(router, request, context)
        return request.method === "HEAD" ? { ...response, body: "" } : response
      } catch (error) {
        if (errorForm(error).status === 500) services.onFailure?.(error, request)
        return errorReply(error)
      }
    },
    close: () => closing.abort(),
  }
}
