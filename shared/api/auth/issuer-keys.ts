import { createLocalJWKSet, type JSONWebKeySet, type JWTVerifyGetKey } from "jose"
import type { Clock } from "../../storage/time.ts"
import { ApiError } from "../errors.ts"
import { ISSUER_KEYS_KEPT_MS, ISSUER_KEYS_STALE_MS, ISSUER_PAUSE_MS, ISSUER_RETRY_MS } from "./limits.ts"
import { type Moment, moment, passedMs } from "./moment.ts"

/** Where an issuer's keys come from. */
export interface IssuerOptions {
  /** As it stands in the tokens' `iss`; its keys are found below it. */
  readonly issuer: string
  /** Reads a JSON document. Rejects when it cannot, which callers are told as `issuer_unavailable`. */
  readonly fetchJson: (url: string) => Promise<unknown>
  /** Told why the keys could not be read. */
  readonly onFault?: (error: unknown) => void
}

interface Published {
  readonly find: JWTVerifyGetKey
  readonly asked: Moment
}

const loopback = /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])$/

/** What is wrong with an issuer's URL, else undefined: keys must not come over a wire that anybody can write to. */
export function issuerFault(issuer: string): string | undefined {
  const url = URL.canParse(issuer) ? new URL(issuer) : undefined
  const safe = url?.protocol === "https:" || (url?.protocol === "http:" && loopback.test(url.hostname))
  if (url !== undefined && safe && url.search === "" && url.hash === "") return undefined
  return `expected an https URL, got ${JSON.stringify(issuer)}`
}

/** The keys that an issuer publishes (OpenID Connect Discovery 1.0 §4, RFC 8414), read as seldom as will do. */
export class IssuerKeys {
  readonly #options: IssuerOptions
  readonly #clock: Clock
  #published: Published | undefined
  /** Not to be asked again before `pauseMs` have passed since. */
  #last: { readonly asked: Moment; readonly pauseMs: number } | undefined
  #underWay: Promise<void> | undefined

  constructor(options: IssuerOptions, clock: Clock) {
    this.#options = options
    this.#clock = clock
  }

  /**
   * The keys as of ten minutes ago or later, as long as the issuer answers.
   * @param missed a token named a key that is not among them: it may be a new one
   * @throws ApiError `issuer_unavailable`
   */
  async current(missed = false): Promise<JWTVerifyGetKey> {
    const fresh = this.#ageMs() < ISSUER_KEYS_KEPT_MS
    if ((!fresh || missed) && this.#mayAsk()) {
      this.#underWay ??= this.#ask().finally(() => {
        this.#underWay = undefined
      })
      await this.#underWay
    }
    if (this.#published !== undefined && this.#ageMs() < ISSUER_KEYS_STALE_MS) return this.#published.find
    throw new ApiError("issuer_unavailable", "The tokens' issuer does not tell its keys; try again soon.")
  }

  #ageMs(): number {
    return this.#published === undefined
      ? Number.POSITIVE_INFINITY
      : passedMs(this.#clock, this.#published.asked)
  }

  #mayAsk(): boolean {
    if (this.#underWay !== undefined || this.#last === undefined) return true
    return passedMs(this.#clock, this.#last.asked) >= this.#last.pauseMs
  }

  async #ask(): Promise<void> {
    const { issuer, fetchJson, onFault } = this.#options
    const asked = moment(this.#clock)
    try {
      const configuration = await fetchJson(`${issuer.replace(/\/$/, "")}/.well-known/openid-configuration`)
      const keys = await fetchJson(keysUrl(issuer, configuration))
      this.#published = { find: createLocalJWKSet(keys as JSONWebKeySet), asked }
      this.#last = { asked, pauseMs: ISSUER_PAUSE_MS }
    } catch (error) {
      onFault?.(error)
      // What was read before goes on to count for a while; without it the caller is told.
      this.#last = { asked, pauseMs: ISSUER_RETRY_MS }
    }
  }
}

function keysUrl(expected: string, configuration: unknown): string {
  const { issuer, jwks_uri: url } = (configuration ?? {}) as Readonly<Record<string, unknown>>
  if (issuer !== expected) throw new Error(`issuer: expected ${expected}, got ${JSON.stringify(issuer)}`)
  const fault = typeof url === "string" ? issuerFault(url.split("?")[0] ?? "") : "is missing"
  if (fault !== undefined) throw new Error(`jwks_uri: ${fault}`)
  return String(url)
}
