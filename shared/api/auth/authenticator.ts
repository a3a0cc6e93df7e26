import type { Clock } from "../../storage/time.ts"
import { ApiError } from "../errors.ts"
import type { Authenticator, KeyStore } from "./types.ts"

/** How tokens of an issuer are judged. */
export interface JwtOptions {
  /** As it stands in the tokens' `iss`; its keys are found below it. */
  readonly issuer: string
  /** One of these must be in the tokens' `aud`. */
  readonly audience: readonly string[]
  /** Where a token's scopes stand: text with spaces, or an array. Default `scope`. */
  readonly scopesClaim?: string
  /** Reads a JSON document. Rejects when it cannot, which is then told as `issuer_unavailable`. */
  readonly fetchJson: (url: string) => Promise<unknown>
}

export interface AuthenticatorOptions {
  readonly keys?: KeyStore
  readonly jwt?: JwtOptions
  /** Whether a request's own `caller` counts: its carrier checks AWS's signatures. */
  readonly iam?: boolean
  readonly clock: Clock
}

/** Proves callers by any of the ways that are given. */
export function createAuthenticator(_options: AuthenticatorOptions): Authenticator {
  return {
    async authenticate() {
      throw new ApiError("unauthenticated", "headers.authorization: is missing, expected Bearer and a key")
    },
  }
}
