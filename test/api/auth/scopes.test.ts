import * as fc from "fast-check"
import { describe, expect, test } from "vitest"
import { allows, readScopes, scopeFault, scopeText } from "../../../shared/api/auth/scopes.ts"
import type { Need } from "../../../shared/api/auth/types.ts"

const write = (name: string): Need => ({ kind: "topic", name, action: "write" })
const may = (scopes: readonly string[], need: Need) => allows(readScopes(scopes), need)

describe("a scope", () => {
  test.each([
    ["topic:ads:write", undefined],
    ["topic:a.b_c-1:read", undefined],
    ["topic:ads-*:admin", undefined],
    ["topic:*:read", undefined],
    ["table:flights:query", undefined],
    ["job:ad-stats:read", undefined],
    ["job:*:admin", undefined],
    ["deployment:*:admin", undefined],
    ["*", undefined],
    ["", "expected kind:name:action, or * for everything"],
    ["topic:ads", "expected kind:name:action, or * for everything"],
    ["topic:ads:write:x", "expected kind:name:action, or * for everything"],
    ["*:*:*", "expected topic, table, job, group, transaction, deployment before the first colon"],
    ["Topic:ads:read", "expected topic, table, job, group, transaction, deployment before the first colon"],
    ["topic:ads:query", "expected read, write, admin after the second colon"],
    ["topic:ads:*", "expected read, write, admin after the second colon"],
    ["table:ads:read", "expected query, admin after the second colon"],
    ["job:ad-stats:write", "expected read, admin after the second colon"],
    ["job:a b:read", "expected a job's name"],
    ["deployment:prod:admin", "expected * as the deployment's name"],
    ["topic::read", "expected a topic's name"],
    ["topic:a*b:read", "expected a topic's name"],
    ["topic:**:read", "expected a topic's name"],
    ["topic: ads:read", "expected a topic's name"],
    ["table:Flights:query", "expected a table's name"],
  ])("%j is read strictly", (text, fault) => {
    if (fault === undefined) expect(scopeFault(text)).toBeUndefined()
    else expect(scopeFault(text)).toContain(fault)
  })

  test("includes its own action, and admin the others of its kind and name", () => {
    expect(may(["topic:ads:write"], write("ads"))).toBe(true)
    expect(may(["topic:ads:read"], write("ads"))).toBe(false)
    expect(may(["topic:ads:admin"], write("ads"))).toBe(true)
    expect(may(["topic:ads:write"], { kind: "topic", name: "ads", action: "admin" })).toBe(false)
    expect(may(["table:ads:admin"], write("ads"))).toBe(false)
    expect(may(["table:*:admin", "topic:*:admin"], { kind: "deployment", action: "admin" })).toBe(false)
    expect(may(["deployment:*:admin"], write("ads"))).toBe(false)
    for (const need of [write("ads"), { kind: "deployment", action: "admin" } as const]) {
      expect(may(["*"], need)).toBe(true)
    }
  })

  test("of a token that means nothing here allows nothing", () => {
    const scopes = ["openid", "topic:*", "topic:*:write:x", "topic:ads:Write", "**", " *", "topic:a*s:write"]
    expect(may(scopes, write("ads"))).toBe(false)
  })

  const name = fc.stringMatching(/^[a-z._-]{1,8}$/)

  test("with a prefix allows the names that begin with it, without one its own name alone", () => {
    fc.assert(
      fc.property(name, name, (scope, resource) => {
        expect(may([`topic:${scope}*:write`], write(resource))).toBe(resource.startsWith(scope))
        expect(may([`topic:${scope}:write`], write(resource))).toBe(resource === scope)
        expect(may([scopeText(write(resource))], write(resource))).toBe(true)
      }),
    )
  })
})
