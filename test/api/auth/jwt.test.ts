import { exportJWK, generateKeyPair, SignJWT } from "jose"
import { beforeAll, describe, expect, test } from "vitest"
import { createAuthenticator } from "../../../shared/api/auth/authenticator.ts"
import { issuerFault } from "../../../shared/api/auth/issuer-keys.ts"

const ISSUER = "https://issuer.example/tenant"
const CONFIGURATION = `${ISSUER}/.well-known/openid-configuration`
const KEYS = "https://issuer.example/keys"
const START = 1_767_225_600_000

type Pair = Awaited<ReturnType<typeof generateKeyPair>>
let pair: Pair
let rotated: Pair
beforeAll(async () => {
  pair = await generateKeyPair("ES256", { extractable: true })
  rotated = await generateKeyPair("ES256", { extractable: true })
})

interface Claims {
  readonly kid?: string
  readonly key?: Pair["privateKey"] | Uint8Array
  readonly alg?: string
  readonly issuer?: string
  readonly audience?: string | string[] | null
  readonly expiresIn?: number
  readonly notBefore?: number
  readonly claims?: Record<string, unknown>
}

/** A token that is right but for what is said otherwise; times in seconds from the start. */
function token({ kid = "one", key, alg = "ES256", issuer = ISSUER, ...rest }: Claims = {}): Promise<string> {
  const {
    audience = "millrace",
    expiresIn = 600,
    notBefore = 0,
    claims = { scope: "topic:ads:write openid" },
  } = rest
  const jwt = new SignJWT({ ...claims })
    .setProtectedHeader({ alg, kid })
    .setIssuer(issuer)
    .setSubject("ada")
    .setNotBefore(START / 1000 + notBefore)
  if (audience !== null) jwt.setAudience(audience)
  if (expiresIn > -1e9) jwt.setExpirationTime(START / 1000 + expiresIn)
  return jwt.sign(key ?? pair.privateKey)
}

async function opened(scopesClaim?: string) {
  let now = START
  const clock = { now: () => now, elapsed: () => now - START, sleep: async () => {} }
  const published = { keys: [{ ...(await exportJWK(pair.publicKey)), kid: "one", alg: "ES256", use: "sig" }] }
  const asked: string[] = []
  const faults: unknown[] = []
  const state = { down: false, configuration: { issuer: ISSUER, jwks_uri: KEYS } as unknown }
  const fetchJson = async (url: string) => {
    asked.push(url)
    if (state.down) throw new Error("connect ECONNREFUSED")
    return url === CONFIGURATION ? state.configuration : published
  }
  const jwt = {
    issuer: ISSUER,
    audience: ["millrace", "other"],
    scopesClaim,
    fetchJson,
    onFault: (e: unknown) => faults.push(e),
  }
  const authenticator = createAuthenticator({ jwt, clock })
  const by = (bearer: string) =>
    authenticator.authenticate({
      method: "GET",
      path: "/",
      query: "",
      headers: { authorization: `Bearer ${bearer}` },
    })
  const pass = (ms: number) => {
    now += ms
  }
  return { by, pass, published, asked, faults, state }
}

describe("a token", () => {
  test("of the issuer says who calls and with which scopes", async () => {
    const { by, asked } = await opened()
    const caller = { by: "jwt", name: "ada", scopes: ["topic:ads:write", "openid"] }
    expect(await by(await token())).toEqual(caller)
    expect(await by(await token({ audience: ["nobody", "other"] }))).toEqual(caller)
    expect(asked).toEqual([CONFIGURATION, KEYS])
  })

  test("has its scopes in the claim that was chosen, as text or array", async () => {
    const { by } = await opened("permissions")
    expect((await by(await token({ claims: { permissions: ["*", 7] } }))).scopes).toEqual(["*"])
    expect((await by(await token({ claims: { permissions: "a  b" } }))).scopes).toEqual(["a", "b"])
    expect((await by(await token({ claims: { scope: "*" } }))).scopes).toEqual([])
    expect((await by(await token({ claims: { permissions: { "*": true } } }))).scopes).toEqual([])
  })

  test("for access without an audience is meant for the client that it names, as Cognito's are", async () => {
    const { by } = await opened()
    const cognito = { token_use: "access", client_id: "other", scope: "topic:ads:write" }
    const caller = { by: "jwt", name: "ada", scopes: ["topic:ads:write"] }
    expect(await by(await token({ audience: null, claims: cognito }))).toEqual(caller)
    const cases: readonly Claims[] = [
      { audience: null, claims: { ...cognito, client_id: "evil" } },
      { audience: null, claims: { ...cognito, client_id: ["other"] } },
      { audience: null, claims: { ...cognito, token_use: "id" } },
      { audience: null, claims: { client_id: "other" } },
      { audience: null, claims: { token_use: "access" } },
      { audience: "evil", claims: cognito },
      { audience: [], claims: cognito },
    ]
    const refused = {
      code: "unauthenticated",
      message: expect.stringMatching(/no claim aud as expected here$/),
    }
    for (const claims of cases) await expect(by(await token(claims))).rejects.toMatchObject(refused)
    expect(await by(await token({ audience: null, claims: cognito }))).toEqual(caller)
  })

  test("that is not right is refused with what it lacks, and not with what it holds", async () => {
    const { by } = await opened()
    const public_ = new TextEncoder().encode(JSON.stringify(await exportJWK(pair.publicKey)))
    const none = `${Buffer.from('{"alg":"none"}').toString("base64url")}.${Buffer.from("{}").toString("base64url")}.`
    const right = await token()
    const [header = "", , signature = ""] = right.split(".")
    const forged = [header, Buffer.from('{"scope":"*"}').toString("base64url"), signature].join(".")
    const cases: readonly (readonly [string, RegExp])[] = [
      [await token({ expiresIn: -31 }), /the token has expired$/],
      [await token({ notBefore: 31 }), /the token is not valid yet$/],
      [await token({ issuer: "https://evil.example" }), /the token has no claim iss as expected here$/],
      [await token({ audience: "evil" }), /the token has no claim aud as expected here$/],
      [await token({ expiresIn: -1e9 }), /the token has no claim exp as expected here$/],
      [await token({ key: rotated.privateKey }), /the token is not valid$/],
      [await token({ key: rotated.privateKey, kid: "two" }), /the token is signed by no key of the issuer$/],
      [await token({ alg: "HS256", key: public_ }), /the token is signed by other means than RS256, /],
      [none, /the token is signed by other means than RS256, /],
      [forged, /the token is not valid$/],
      [`${header}.e30.${"a".repeat(8_200)}`, /the token has more than 8192 characters$/],
      ["eyJ.a.b", /the token is not valid$/],
    ]
    for (const [bearer, message] of cases) {
      const refused = await by(bearer).catch((error: Error) => error)
      expect(refused).toMatchObject({ code: "unauthenticated", message: expect.stringMatching(message) })
      expect((refused as Error).message).toMatch(/^headers\.authorization: /)
      expect((refused as Error).message).not.toMatch(/evil|ada|eyJ/)
    }
    expect((await by(right)).name).toBe("ada")
  })

  test("may be off by the clocks' difference", async () => {
    const { by } = await opened()
    expect((await by(await token({ expiresIn: -29, notBefore: -90 }))).name).toBe("ada")
    expect((await by(await token({ notBefore: 29 }))).name).toBe("ada")
  })
})

describe("the issuer's keys", () => {
  test("are read again when a token names a new one, but not for every token that does", async () => {
    const { by, pass, published, asked } = await opened()
    await by(await token())
    const renewed = await token({ kid: "two", key: rotated.privateKey })
    for (let n = 0; n < 10; n++) await expect(by(renewed)).rejects.toMatchObject({ code: "unauthenticated" })
    expect(asked).toHaveLength(2)
    published.keys.push({ ...(await exportJWK(rotated.publicKey)), kid: "two", alg: "ES256", use: "sig" })
    pass(30_000)
    expect((await by(renewed)).name).toBe("ada")
    expect(asked).toHaveLength(4)
  })

  test("that are withdrawn count no more after ten minutes", async () => {
    const { by, pass, published } = await opened()
    const lasting = await token({ expiresIn: 7_200 })
    await by(lasting)
    published.keys.pop()
    pass(10 * 60_000 - 1)
    await by(lasting)
    pass(1)
    await expect(by(lasting)).rejects.toMatchObject({ message: expect.stringMatching(/signed by no key/) })
  })

  test("count on for an hour while the issuer is away, then its tokens wait", async () => {
    const { by, pass, state, faults, asked } = await opened()
    const lasting = await token({ expiresIn: 7_200 })
    await by(lasting)
    state.down = true
    pass(59 * 60_000)
    await by(lasting)
    expect(faults).toEqual([new Error("connect ECONNREFUSED")])
    pass(60_000)
    await expect(by(lasting)).rejects.toMatchObject({ code: "issuer_unavailable" })
    const before = asked.length
    await expect(by(lasting)).rejects.toMatchObject({ code: "issuer_unavailable" })
    expect(asked).toHaveLength(before)
    state.down = false
    pass(2_000)
    expect((await by(lasting)).name).toBe("ada")
  })

  test("are taken from the issuer itself alone", async () => {
    const { by, pass, state, faults } = await opened()
    const configurations = [
      { issuer: "https://evil.example", jwks_uri: KEYS },
      { issuer: ISSUER, jwks_uri: "http://issuer.example/keys" },
      { issuer: ISSUER },
      null,
    ]
    for (const configuration of configurations) {
      state.configuration = configuration
      pass(2_000)
      await expect(by(await token())).rejects.toMatchObject({ code: "issuer_unavailable" })
    }
    expect(faults.map(fault => (fault as Error).message)).toEqual([
      `issuer: expected ${ISSUER}, got "https://evil.example"`,
      'jwks_uri: expected an https URL, got "http://issuer.example/keys"',
      "jwks_uri: is missing",
      `issuer: expected ${ISSUER}, got undefined`,
    ])
    state.configuration = { issuer: ISSUER, jwks_uri: KEYS }
    pass(2_000)
    expect((await by(await token())).name).toBe("ada")
  })

  test("come over https, or from this machine", () => {
    for (const issuer of [ISSUER, "http://localhost:8080", "http://127.0.0.1/x", "http://[::1]:9"]) {
      expect(issuerFault(issuer)).toBeUndefined()
    }
    for (const issuer of ["http://issuer.example", "issuer.example", "ftp://x", `${ISSUER}?x=1`]) {
      expect(issuerFault(issuer)).toBe(`expected an https URL, got ${JSON.stringify(issuer)}`)
    }
  })
})
