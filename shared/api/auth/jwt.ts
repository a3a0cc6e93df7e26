import { errors, type JWTPayload, jwtVerify } from "jose"
import type { Clock } from "../../storage/time.ts"
import { ApiError } from "../errors.ts"
import { IssuerKeys, type IssuerOptions } from "./issuer-keys.ts"
import { TOKEN_LENGTH_MAX, TOKEN_SKEW_MS } from "./limits.ts"
import type { Caller } from "./types.ts"

/** How tokens of an issuer are judged. */
export interface JwtOptions extends IssuerOptions {
  /** One of these must be in the tokens' `aud`, or be the client that an access token without one was given to. */
  readonly audience: readonly string[]
  /** Where a token's scopes stand: text with spaces, or an array. Default `scope`. */
  readonly scopesClaim?: string
}

/** Signatures by private keys alone: with a shared secret, a public key could be made to pass for one. */
const ALGORITHMS = [
  "RS256",
  "RS384",
  "RS512",
  "PS256",
  "PS384",
  "PS512",
  "ES256",
  "ES384",
  "ES512",
  "EdDSA",
  "Ed25519",
]

const SCOPES_CLAIM_DEFAULT = "scope"

/** A subject may be any text; what is shown of it is bounded. */
const SUBJECT_CHARS_MAX = 200

const refused = (what: string) => new ApiError("unauthenticated", `headers.authorization: the token ${what}`)

/** Says of jose's errors what the token lacks. Their own words and claims may hold parts of the token. */
function refusalOf(error: unknown): unknown {
  if (error instanceof errors.JWTExpired) return refused("has expired")
  if (error instanceof errors.JWTClaimValidationFailed) {
    return error.claim === "nbf"
      ? refused("is not valid yet")
      : refused(`has no claim ${error.claim} as expected here`)
  }
  if (error instanceof errors.JWKSNoMatchingKey) return refused("is signed by no key of the issuer")
  if (error instanceof errors.JOSEAlgNotAllowed) {
    return refused(`is signed by other means than ${ALGORITHMS.join(", ")}`)
  }
  return error instanceof errors.JOSEError ? refused("is not valid") : error
}

function scopesOf(claim: unknown): readonly string[] {
  if (typeof claim === "string") return claim.split(" ").filter(scope => scope !== "")
  return Array.isArray(claim) ? claim.filter(scope => typeof scope === "string") : []
}

/**
 * Amazon Cognito's access tokens have no audience, and name in `client_id` the app client that its identity tokens have
 * as `aud`; API Gateway's own authorizer takes it for the audience likewise where there is no `aud`. Who has one is judged
 * by it alone, and of other issuers `client_id` is whoever asked for the token, for whatever service.
 * Source: Amazon Cognito Developer Guide, "Verifying JSON web tokens".
 */
function isMeantFor(audience: readonly string[], payload: JWTPayload): boolean {
  const { aud, client_id: client, token_use: use } = payload
  if (aud !== undefined) return [aud].flat().some(one => audience.includes(one))
  return use === "access" && typeof client === "string" && audience.includes(client)
}

/** Judges an issuer's tokens (RFC 7519): signature, issuer, audience, times. */
export class TokenVerifier {
  readonly #options: JwtOptions
  readonly #clock: Clock
  readonly #keys: IssuerKeys

  constructor(options: JwtOptions, clock: Clock) {
    this.#options = options
    this.#clock = clock
    this.#keys = new IssuerKeys(options, clock)
  }

  /** @throws ApiError `unauthenticated`, `issuer_unavailable` */
  async callerOf(token: string): Promise<Caller> {
    if (token.length > TOKEN_LENGTH_MAX) throw refused(`has more than ${TOKEN_LENGTH_MAX} characters`)
    const payload = await this.#verify(token)
    const { scopesClaim = SCOPES_CLAIM_DEFAULT } = this.#options
    return {
      by: "jwt",
      name: (payload.sub ?? "").slice(0, SUBJECT_CHARS_MAX),
      scopes: scopesOf(payload[scopesClaim]),
    }
  }

  async #verify(token: string): Promise<JWTPayload> {
    try {
      return await this.#judge(token, false)
    } catch (error) {
      if (!(error instanceof errors.JWKSNoMatchingKey)) throw refusalOf(error)
    }
    // The issuer may have begun to sign with a new key.
    return await this.#judge(token, true).catch((error: unknown) => {
      throw refusalOf(error)
    })
  }

  async #judge(token: string, missed: boolean): Promise<JWTPayload> {
    const { issuer, audience } = this.#options
    const { payload } = await jwtVerify(token, await this.#keys.current(missed), {
      algorithms: ALGORITHMS,
      issuer,
      requiredClaims: ["exp"],
      currentDate: new Date(this.#clock.now()),
      clockTolerance: TOKEN_SKEW_MS / 1000,
    })
    if (!isMeantFor(audience, payload)) throw refused("has no claim aud as expected here")
    return payload
  }
}
