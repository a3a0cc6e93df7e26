import type { ApiRequest } from "../types.ts"

/** What a caller wants to do with one resource. */
export type Need =
  | { readonly kind: "topic"; readonly name: string; readonly action: "read" | "write" | "admin" }
  | { readonly kind: "table"; readonly name: string; readonly action: "query" | "admin" }
  /** Keys, dead letters: what concerns the whole deployment. */
  | { readonly kind: "deployment"; readonly action: "admin" }

/** Who sent a request, once that is proven. */
export interface Caller {
  readonly by: "key" | "jwt" | "iam"
  /** A key's id, a token's subject, a role's ARN: for logs and people. */
  readonly name: string
  /** Such as `topic:ads:write`, `table:*:query`, or `*` for everything. */
  readonly scopes: readonly string[]
}

/** Proves who sent a request. */
export interface Authenticator {
  /** @throws ApiError `unauthenticated` with what the request lacks, never with what it brought */
  authenticate(request: ApiRequest): Promise<Caller>
}
