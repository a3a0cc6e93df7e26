import type { ApiRequest } from "../types.ts"
import type { KeyLimits } from "./key-limits.ts"

/** What a caller wants to do with one resource. */
export type Need =
  | { readonly kind: "topic"; readonly name: string; readonly action: "read" | "write" | "admin" }
  | { readonly kind: "table"; readonly name: string; readonly action: "query" | "admin" }
  | { readonly kind: "job"; readonly name: string; readonly action: "read" | "admin" }
  | { readonly kind: "group"; readonly name: string; readonly action: "read" | "admin" }
  | { readonly kind: "transaction"; readonly name: string; readonly action: "write" }
  /** Keys, dead letters: what concerns the whole deployment. */
  | { readonly kind: "deployment"; readonly action: "admin" }

/** Who sent a request, once that is proven. */
export interface Caller extends KeyLimits {
  readonly by: "key" | "jwt" | "iam"
  /** A key's id: several keys may have one name. */
  readonly id?: string
  /** A key's name, a token's subject, a role's ARN: for logs and people. */
  readonly name: string
  /** Such as `topic:ads:write`, `table:*:query`, or `*` for everything. */
  readonly scopes: readonly string[]
}

/** What a request is known by before its body is there. */
export type RequestHead = Omit<ApiRequest, "body">

/** Proves who sent a request. */
export interface Authenticator {
  /**
   * @throws ApiError `unauthenticated` with what the request lacks, never with what it brought; `issuer_unavailable`
   *   when a token's issuer does not tell its keys; StorageError `unavailable`
   */
  authenticate(request: RequestHead): Promise<Caller>
  /** Told of a key that was revoked through this process, so that it need not wait until it looks again. */
  forget?(keyId: string): void
}

/** A key as it is shown: without itself. */
export interface KeyInfo extends KeyLimits {
  /** The first 16 hex digits of its hash. */
  readonly id: string
  readonly name: string
  readonly scopes: readonly string[]
  /** Store time of its making, epoch ms. */
  readonly created: number
}

/** A key that was just made: the one time that it is told. */
export interface NewKey extends KeyInfo {
  readonly key: string
}

/** The keys of a deployment, of which only hashes are kept. All throw StorageError (`unavailable`). */
export interface KeyStore {
  /** @throws ApiError `invalid` (name, scopes, limits), `too_many_keys` */
  create(name: string, scopes: readonly string[], limits?: KeyLimits): Promise<NewKey>
  /** By id. */
  list(): Promise<readonly KeyInfo[]>
  /** False: there is no such key. */
  revoke(id: string): Promise<boolean>
  /**
   * Makes a key that was chosen elsewhere, the deployment's first one, the only one of its name that came this way: an
   * earlier one is revoked. May be repeated. One that was revoked meanwhile stays so: then it is false.
   * @throws ApiError `invalid` (key, name, scopes)
   */
  ensure(key: string, name: string, scopes: readonly string[]): Promise<boolean>
  /** One consistent read; undefined: nobody's key. */
  find(key: string): Promise<KeyInfo | undefined>
}

/** What was set aside because it failed. */
export interface DeadLetters {
  count(): Promise<number>
  /** Tries up to `max` of them again. */
  redrive(max: number): Promise<RedriveResult>
}

export interface RedriveResult {
  readonly redriven: number
  readonly failed: number
  readonly remaining: number
}
