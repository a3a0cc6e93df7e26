import type * as v from "valibot"
import type { Access } from "./auth/access.ts"
import type { SomeNeed } from "./auth/scopes.ts"
import type { Need } from "./auth/types.ts"
import type { ApiRequest, ApiResponse, ApiServices } from "./types.ts"
import type { Schema } from "./validate.ts"

/** What a handler may use besides its input. */
export interface RouteContext extends ApiServices {
  /** Aborts when the API closes: long polls end then. */
  readonly closing: AbortSignal
  /** The OpenAPI document's text. */
  openapi(): string
}

/** What one media type of a body or an answer holds; without a schema it is bytes or free text. */
export type Content = Readonly<Record<string, Schema | undefined>>

export interface AnswerDoc {
  readonly description: string
  readonly content?: Content
}

export interface BodyDoc {
  readonly description: string
  readonly required: boolean
  readonly content: Content
}

/**
 * Whom a route is for: everybody (`public`), every caller that has proved who he is (`caller`), or one who has a scope
 * that includes any of the needs. What a body names is for the handler to demand.
 */
export type RouteAccess<Path> =
  | "public"
  | "caller"
  | SomeNeed
  | ((path: Path) => readonly (Need | SomeNeed)[])

export interface RouteInput<P extends Schema, Q extends Schema, H extends Schema> {
  readonly request: ApiRequest
  /** What the request's caller may do. */
  readonly access: Access
  readonly path: v.InferOutput<P>
  readonly query: v.InferOutput<Q>
  readonly headers: v.InferOutput<H>
}

/** One route: everything about it that is known before a request comes. */
export interface RouteSpec<P extends Schema, Q extends Schema, H extends Schema> {
  readonly method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE"
  /** With `:name` for a parameter. */
  readonly path: string
  /** The operation's name in the OpenAPI document. */
  readonly id: string
  readonly summary: string
  readonly description?: string
  readonly access: RouteAccess<v.InferOutput<P>>
  readonly schemas: { readonly path: P; readonly query: Q; readonly headers: H }
  /** The body, where the route takes one. The handler reads it. */
  readonly body?: BodyDoc
  /** By status; errors that every route can answer are not repeated. */
  readonly answers: Readonly<Record<string, AnswerDoc>>
  handle(input: RouteInput<P, Q, H>, context: RouteContext): Promise<ApiResponse>
}

export type Route = RouteSpec<Schema, Schema, Schema>

/** Types a route's handler by its schemas. */
export function route<P extends Schema, Q extends Schema, H extends Schema>(spec: RouteSpec<P, Q, H>): Route {
  return spec as unknown as Route
}
