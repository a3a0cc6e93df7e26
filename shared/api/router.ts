import { RegExpRouter } from "hono/router/reg-exp-router"
import { ApiError } from "./errors.ts"
import type { Route } from "./route.ts"

export interface Match {
  readonly route: Route
  /** Path parameters, percent-decoded. */
  readonly parameters: Readonly<Record<string, string>>
}

const decode = (text: string, parameter: string) => {
  if (!text.includes("%")) return text
  try {
    return decodeURIComponent(text)
  } catch {
    throw new ApiError("invalid", `path.${parameter}: ${JSON.stringify(text)} is not percent-encoded UTF-8`)
  }
}

/** Finds the route of a request. */
export class Router {
  readonly #router = new RegExpRouter<Route>()
  readonly #methods: readonly string[]

  constructor(routes: readonly Route[]) {
    for (const route of routes) this.#router.add(route.method, route.path, route)
    this.#methods = [...new Set(routes.map(route => route.method))]
  }

  /** Throws ApiError `no_such_route`, `method_not_allowed` (with `allow`), `invalid` (a parameter's encoding). */
  match(method: string, path: string): Match {
    const found = this.#find(method === "HEAD" ? "GET" : method, path)
    if (found !== undefined) return found
    const allowed = this.#methods.filter(other => this.#find(other, path) !== undefined)
    if (allowed.length === 0) {
      throw new ApiError(
        "no_such_route",
        `There is no route ${JSON.stringify(path)}; GET /openapi.json lists them.`,
      )
    }
    const allow = (allowed.includes("GET") ? [...allowed, "HEAD"] : allowed).join(", ")
    throw new ApiError("method_not_allowed", `${method} is not allowed on ${path}, expected ${allow}`, {
      allow,
    })
  }

  #find(method: string, path: string): Match | undefined {
    const [handlers, stash] = this.#router.match(method, path)
    const first = handlers[0]
    if (first === undefined) return undefined
    const [route, places] = first
    const parameters: Record<string, string> = {}
    for (const [parameter, place] of Object.entries(places)) {
      // This router answers with places in a stash; the others of its family with the text itself.
      const text = typeof place === "number" ? (stash?.[place] ?? "") : place
      parameters[parameter] = decode(text, parameter)
    }
    return { route, parameters }
  }
}
