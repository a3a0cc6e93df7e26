import type { Clock } from "../../storage/time.ts"
import { ApiError } from "../errors.ts"
import { credentialOf, isTokenLike } from "./credential.ts"
import { type JwtOptions, TokenVerifier } from "./jwt.ts"
import { KeyCache } from "./key-cache.ts"
import type { Authenticator, KeyStore } from "./types.ts"

export interface AuthenticatorOptions {
  readonly keys?: KeyStore
  readonly jwt?: JwtOptions
  /** Whether a request's own `caller` counts: its carrier checks AWS's signatures. */
  readonly iam?: boolean
  readonly clock: Clock
}

function expectation({ keys, jwt }: AuthenticatorOptions): string {
  const bearers = [keys && "a key", jwt && "a token"].filter(bearer => bearer !== undefined)
  return bearers.length === 0 ? "a request that is signed for AWS" : `Bearer and ${bearers.join(" or ")}`
}

const unauthenticated = (what: string) => new ApiError("unauthenticated", `headers.authorization: ${what}`)

/**
 * Proves callers by any of the ways that are given: a key or an issuer's token, as Bearer or as the password of Basic,
 * or the carrier's word.
 */
export function createAuthenticator(options: AuthenticatorOptions): Authenticator {
  const { keys, jwt, iam = false, clock } = options
  const cache = keys === undefined ? undefined : new KeyCache(keys, clock)
  const verifier = jwt === undefined ? undefined : new TokenVerifier(jwt, clock)
  const expected = expectation(options)
  return {
    async authenticate({ caller, headers }) {
      if (iam && caller !== undefined) return caller
      const { authorization } = headers
      if (authorization === undefined) throw unauthenticated(`is missing, expected ${expected}`)
      const credential = credentialOf(authorization)
      if (credential === undefined) throw unauthenticated(`expected ${expected}`)
      if (verifier !== undefined && isTokenLike(credential)) return await verifier.callerOf(credential)
      // A token is no key: looking for it would cost a read.
      const found = isTokenLike(credential) ? undefined : await cache?.callerOf(credential)
      if (found !== undefined) return found
      throw unauthenticated(
        cache === undefined
          ? `expected ${expected}`
          : "is no key of this deployment: mistyped, revoked, or another deployment's",
      )
    },
    forget: id => cache?.forget(id),
  }
}
