import { describe, expect, test } from "vitest"
import { createAuthenticator } from "../../../shared/api/auth/authenticator.ts"
import { keyStore } from "../../../shared/api/auth/keys.ts"
import { WRONG_KEYS_KEPT_MAX } from "../../../shared/api/auth/limits.ts"
import type { Caller, KeyStore, RequestHead } from "../../../shared/api/auth/types.ts"
import { memoryPorts } from "../../support/memory-ports.ts"

const head = (authorization?: string, caller?: Caller): RequestHead => ({
  method: "GET",
  path: "/topics",
  query: "",
  headers: authorization === undefined ? {} : { authorization },
  ...(caller === undefined ? {} : { caller }),
})

const unauthenticated = (message: RegExp) => ({
  code: "unauthenticated",
  message: expect.stringMatching(message),
})

/** Keys whose look-ups are counted. */
function countedKeys(keys: KeyStore) {
  const asked: string[] = []
  const counted: KeyStore = {
    ...keys,
    find: key => {
      asked.push(key)
      return keys.find(key)
    },
  }
  return { asked, counted }
}

async function opened() {
  const ports = memoryPorts()
  const keys = keyStore(ports)
  const { key, id } = await keys.create("tower", ["topic:ads:write"])
  const { asked, counted } = countedKeys(keys)
  // A clock that stands until it is moved.
  let now = 1_767_225_600_000
  let elapsed = 0
  const clock = { ...ports.clock, now: () => now, elapsed: () => elapsed }
  const pass = (ms: number, which: "both" | "now" | "elapsed" = "both") => {
    if (which !== "elapsed") now += ms
    if (which !== "now") elapsed += ms
  }
  const authenticator = createAuthenticator({ keys: counted, clock })
  const by = (secret: string) => authenticator.authenticate(head(`Bearer ${secret}`))
  return { keys, key, id, asked, authenticator, by, pass, clock }
}

describe("a caller with a key", () => {
  test("is who the key says, by Bearer or by Basic", async () => {
    const { key, authenticator } = await opened()
    const tower = { by: "key", id: "582e2aff35f60dad", name: "tower", scopes: ["topic:ads:write"] }
    const basic = (text: string) => `Basic ${Buffer.from(text).toString("base64")}`
    for (const authorization of [
      `Bearer ${key}`,
      `bearer  ${key} `,
      basic(`admin:${key}`),
      basic(`:${key}`),
    ]) {
      expect(await authenticator.authenticate(head(authorization))).toEqual(tower)
    }
    for (const authorization of [key, `Token ${key}`, `Bearer ${key},${key}`, basic(key), basic(`${key}:`)]) {
      await expect(authenticator.authenticate(head(authorization))).rejects.toMatchObject(
        unauthenticated(
          /^headers\.authorization: (?:expected Bearer and a key|is no key of this deployment)/,
        ),
      )
    }
    await expect(authenticator.authenticate(head())).rejects.toMatchObject(
      unauthenticated(/^headers\.authorization: is missing, expected Bearer and a key$/),
    )
  })

  test("costs one read a minute, however many requests come", async () => {
    const { key, asked, by, pass } = await opened()
    await Promise.all(Array.from({ length: 20 }, () => by(key)))
    pass(59_999)
    await by(key)
    expect(asked).toHaveLength(1)
    pass(1)
    await by(key)
    expect(asked).toHaveLength(2)
  })

  test.each(["both", "now", "elapsed"] as const)(
    "is refused within a minute of the revocation, by whichever clock moves: %s",
    async which => {
      const { keys, key, id, by, pass } = await opened()
      await by(key)
      await keys.revoke(id)
      pass(59_999, which)
      expect((await by(key)).name).toBe("tower")
      pass(1, which)
      await expect(by(key)).rejects.toMatchObject(unauthenticated(/is no key of this deployment/))
      const { key: next } = await keys.create("next", ["*"])
      expect((await by(next)).name).toBe("next")
    },
  )

  test("is refused at once where the key was revoked", async () => {
    const { keys, key, id, by, authenticator } = await opened()
    await by(key)
    await keys.revoke(id)
    authenticator.forget?.(id)
    await expect(by(key)).rejects.toMatchObject(unauthenticated(/is no key/))
  })
})

describe("wrong keys", () => {
  const wrong = (n: number) => `mr_${String(n).padStart(43, "0")}`

  test("cost one read each, and push no right key out", async () => {
    const { key, asked, by } = await opened()
    await by(key)
    for (let n = 0; n < WRONG_KEYS_KEPT_MAX + 100; n++) await expect(by(wrong(n))).rejects.toThrow()
    expect(asked).toHaveLength(1 + WRONG_KEYS_KEPT_MAX + 100)
    await by(key)
    await expect(by(wrong(WRONG_KEYS_KEPT_MAX))).rejects.toThrow()
    expect(asked).toHaveLength(1 + WRONG_KEYS_KEPT_MAX + 100)
  })

  test("cost nothing where they cannot be keys", async () => {
    const { asked, by, key } = await opened()
    const token = `eyJhbGciOiJub25lIn0.${"a".repeat(40)}.${"b".repeat(40)}`
    for (const secret of ["short", "x".repeat(300), token]) {
      await expect(by(secret)).rejects.toMatchObject(unauthenticated(/^headers\.authorization: is no key/))
    }
    expect(asked.filter(secret => secret !== key && secret.length > 31 && secret.length < 257)).toEqual([])
    expect((await by(key)).name).toBe("tower")
  })

  test("that are made later are found soon", async () => {
    const { keys, by, pass } = await opened()
    await expect(by("N".repeat(40))).rejects.toThrow()
    await keys.ensure("N".repeat(40), "first", ["*"])
    pass(10_000)
    expect((await by("N".repeat(40))).name).toBe("first")
  })
})

describe("a carrier's word", () => {
  const role: Caller = { by: "iam", name: "arn:aws:iam::1:role/x", scopes: ["*"] }

  test("counts where the carrier checks signatures, and nowhere else", async () => {
    const { keys, clock, key } = await opened()
    const signed = createAuthenticator({ keys, iam: true, clock })
    expect(await signed.authenticate(head(undefined, role))).toEqual(role)
    expect((await signed.authenticate(head(`Bearer ${key}`))).name).toBe("tower")
    const others = createAuthenticator({ keys, clock })
    await expect(others.authenticate(head(undefined, role))).rejects.toMatchObject(
      unauthenticated(/is missing/),
    )
    const alone = createAuthenticator({ iam: true, clock })
    await expect(alone.authenticate(head(`Bearer ${key}`))).rejects.toMatchObject(
      unauthenticated(/expected a request that is signed for AWS$/),
    )
  })
})
