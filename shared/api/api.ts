import { admit } from "./admit.ts"
import type { RequestHead } from "./auth/types.ts"
import { decodedRequest } from "./body.ts"
import { errorReply, isOurs } from "./error-reply.ts"
import { openapiText } from "./openapi.ts"
import { queryParameters } from "./query-string.ts"
import type { RouteContext } from "./route.ts"
import { Router } from "./router.ts"
import { routes } from "./routes.ts"
import type { Api, ApiRequest, ApiResponse, ApiServices } from "./types.ts"
import { validate } from "./validate.ts"

async function answer(router: Router, request: ApiRequest, context: RouteContext): Promise<ApiResponse> {
  const { route, path, access } = await admit(router, request, context)
  const { schemas } = route
  const query = validate("query", schemas.query, queryParameters(request.query))
  const headers = validate("headers", schemas.headers, request.headers)
  return route.handle({ request: await decodedRequest(request), access, path, query, headers }, context)
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
  const failed = (error: unknown, head: RequestHead): ApiResponse => {
    if (isOurs(error)) services.onFailure?.(error, head)
    return errorReply(error)
  }
  return {
    async refusal(head) {
      try {
        await admit(router, head, context)
        return undefined
      } catch (error) {
        return failed(error, head)
      }
    },
    async handle(request) {
      try {
        const response = await answer(router, request, context)
        return request.method === "HEAD" ? { ...response, body: "" } : response
      } catch (error) {
        return failed(error, request)
      }
    },
    close: () => closing.abort(),
  }
}
