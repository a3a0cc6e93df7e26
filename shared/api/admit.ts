import { Access } from "./auth/access.ts"
import type { RequestHead } from "./auth/types.ts"
import type { Route } from "./route.ts"
import type { Match, Router } from "./router.ts"
import type { ApiServices } from "./types.ts"
import { validate } from "./validate.ts"

/** A request's route, and what its caller may do. */
export interface Admitted {
  readonly route: Route
  /** The route's path parameters, checked. */
  readonly path: unknown
  readonly access: Access
}

function attempt(router: Router, { method, path }: RequestHead): { match: Match } | { error: unknown } {
  try {
    return { match: router.match(method, path) }
  } catch (error) {
    return { error }
  }
}

/**
 * Finds the route of a request and asks whether its caller may use it. A stranger is told nothing else first, not even
 * whether there is such a route.
 * @throws ApiError `unauthenticated`, `issuer_unavailable`, `no_such_route`, `method_not_allowed`, `invalid`,
 *   `forbidden`
 */
export async function admit(
  router: Router,
  head: RequestHead,
  { authenticate }: Pick<ApiServices, "authenticate">,
): Promise<Admitted> {
  const found = attempt(router, head)
  const isPublic = "match" in found && found.match.route.access === "public"
  const caller = isPublic ? undefined : await authenticate?.authenticate(head)
  if ("error" in found) throw found.error
  const { route, parameters } = found.match
  const path = validate("path", route.schemas.path, parameters)
  const access = new Access(caller)
  if (typeof route.access === "function") access.demand(...route.access(path))
  else if (typeof route.access === "object") access.demand(route.access)
  return { route, path, access }
}
