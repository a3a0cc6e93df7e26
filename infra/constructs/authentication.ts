import type { AuthenticationConfig } from "../../functions/environment.ts"

/** Tokens of an identity provider (OpenID Connect). */
export interface JwtAuthentication {
  /** The issuer's URL: its published keys are found from there. */
  readonly issuer: string
  /** A token must be meant for one of these: its `aud`, or the `client_id` of an access token of Amazon Cognito's. */
  readonly audience: string[]
  /**
   * The claim that holds the scopes, as a list or as text with spaces.
   * @default "scope"
   */
  readonly scopesClaim?: string
}

/** How callers may prove who they are: in one of several ways. */
export interface Authentication {
  /**
   * By keys with scopes. The first one is made at the deployment and kept in Secrets Manager ($0.40 a month).
   * @default true
   */
  readonly apiKey?: boolean
  /**
   * By AWS signatures, at a second HTTP API. `grantProduce` and the like imply it.
   * @default false
   */
  readonly iam?: boolean
  /**
   * By tokens.
   * @default - no tokens
   */
  readonly jwt?: JwtAuthentication
}

/** What the functions are told of it. */
export function authenticationConfig(authentication: Authentication, iam: boolean): AuthenticationConfig {
  const { apiKey = true, jwt } = authentication
  return {
    apiKey,
    iam,
    ...(jwt === undefined ? {} : { jwt: { ...jwt, scopesClaim: jwt.scopesClaim ?? "scope" } }),
  }
}
