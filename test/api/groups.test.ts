import { expect, test } from "vitest"
import { openLog } from "../../shared/log/open-log.ts"
import { readFrame } from "../../shared/log/records/index.ts"
import { append } from "../log/support.ts"
import { memoryPorts } from "../support/memory-ports.ts"
import { openApi } from "./support.ts"

const beat = { memberEpoch: 0, subscription: { topics: ["ads"] }, owned: [] }
const post = (target: string, body: object) => [`POST ${target}`, { body }] as const

async function opened() {
  const log = openLog(memoryPorts())
  for (const name of ["ads", "secret"]) await log.createTopic({ name, partitions: 2, owner: "http" })
  const as = (...scopes: string[]) =>
    openApi({ log, authenticate: { authenticate: async () => ({ by: "key" as const, name: "k", scopes }) } })
      .call
  return { log, as, call: openApi({ log }).call }
}

test("each failure has its status and code, and the next call works", async () => {
  const { call } = await opened()
  const { json } = await call(...post("/groups/g/members/a", beat))
  expect(json).toMatchObject({
    memberEpoch: 1,
    assignment: [{ topic: "ads", partition: 0 }, { partition: 1 }],
  })
  const failures: [target: string, body: object | undefined, status: number, code: number, reason: string][] =
    [
      ["POST /groups/g/members/b", { memberEpoch: 1, owned: [] }, 404, 40403, "unknown_member"],
      ["POST /groups/g/members/a", { memberEpoch: 2, owned: [] }, 409, 40941, "fenced_member"],
      ["DELETE /groups/g/members/a?epoch=2", undefined, 409, 40941, "fenced_member"],
      ["DELETE /groups/g/members/a", undefined, 422, 422, "invalid"],
      ["POST /groups/g/members/a", { memberEpoch: 0, owned: [] }, 422, 42241, "invalid_group"],
      ["POST /groups/g/members/c", { ...beat, subscription: { pattern: "(" } }, 422, 42241, "invalid_group"],
      ["POST /groups/g/members/c", { ...beat, subscription: {} }, 422, 422, "invalid"],
      ["POST /groups/g/members/c", { ...beat, assignor: "best" }, 422, 422, "invalid"],
      ["POST /groups/g/members/%20", beat, 422, 422, "invalid"],
      ["POST /groups/g/offsets", { offsets: [{ topic: "ads", partition: 0 }] }, 422, 422, "invalid"],
      ["PUT /groups/g/offsets", { offsets: [{ topic: "ads", to: "latest" }] }, 409, 40942, "group_in_use"],
      ["PUT /groups/g/offsets", { offsets: [{ topic: "ads", to: "soon" }] }, 422, 422, "invalid"],
      ["PUT /groups/h/offsets", { offsets: [{ topic: "nope", to: 1 }] }, 404, 40401, "unknown_topic"],
      [
        "PUT /groups/h/offsets",
        { offsets: [{ topic: "ads", partition: 2, to: 1 }] },
        404,
        40402,
        "unknown_partition",
      ],
      ["DELETE /groups/g", undefined, 409, 40942, "group_in_use"],
      ["DELETE /groups/h", undefined, 404, 40405, "unknown_group"],
      ["GET /groups/h", undefined, 404, 40405, "unknown_group"],
      ["GET /groups/h/lag", undefined, 404, 40405, "unknown_group"],
      ["GET /groups/g/offsets?topic=nope", undefined, 404, 40401, "unknown_topic"],
    ]
  for (const [target, body, status, error_code, reason] of failures) {
    const answer = await call(target, body === undefined ? {} : { body })
    expect([target, answer.status, answer.json], answer.text).toMatchObject([
      target,
      status,
      { error_code, reason },
    ])
  }
  const offsets = [
    { topic: "ads", partition: 1, offset: 5 },
    { topic: "ads", partition: 7, offset: 5 },
  ]
  const committed = await call(...post("/groups/g/offsets", { member: "a", memberEpoch: 1, offsets }))
  expect(committed.json.offsets).toMatchObject([
    { topic: "ads", partition: 1 },
    { topic: "ads", partition: 7, error_code: 40402, reason: "unknown_partition" },
  ])
  const outside = await call(...post("/groups/g/offsets", { offsets: offsets.slice(0, 1) }))
  expect(outside.json.offsets).toMatchObject([{ error_code: 40941, reason: "fenced_member" }])
  expect((await call("GET /groups/g/offsets")).json.offsets).toMatchObject([{ partition: 1, offset: 5 }])
})

test("names may hold what must be written otherwise in a path", async () => {
  const { call } = await opened()
  const group = encodeURIComponent("a/b c%#?")
  expect((await call(...post(`/groups/${group}/members/${encodeURIComponent("m/1")}`, beat))).status).toBe(
    200,
  )
  expect((await call("GET /groups")).json.groups).toEqual([{ group: "a/b c%#?", state: "assigning" }])
  expect((await call(`GET /groups/${group}`)).json.members).toMatchObject([{ member: "m/1" }])
})

test("a caller needs the group's scope, and the topics' that it names; lists hold what it may see", async () => {
  const { log, as } = await opened()
  await log.groups.commit("private", [{ topic: "ads", partition: 0, offset: 1 }])
  const reader = as("group:shop-*:read", "topic:ads:read")
  const need = async (...request: Parameters<typeof reader>) => (await reader(...request)).json.need
  expect(await need(...post("/groups/private/members/a", beat))).toBe("group:private:read")
  expect(await need("GET /groups/private")).toBe("group:private:read")
  expect(await need("GET /groups/nope/lag")).toBe("group:nope:read")
  expect(await need("DELETE /groups/shop-1")).toBe("group:shop-1:admin")
  expect(await need("PUT /groups/shop-1/offsets", { body: { offsets: [] } })).toBe("group:shop-1:admin")
  const secret = { ...beat, subscription: { topics: ["ads", "secret"] } }
  expect(await need(...post("/groups/shop-1/members/a", secret))).toBe("topic:secret:read")
  expect((await reader(...post("/groups/shop-1/members/a", beat))).json.assignment).toHaveLength(2)
  expect((await reader("GET /groups")).json.groups.map(({ group }: { group: string }) => group)).toEqual([
    "shop-1",
  ])
  expect(await as("topic:ads:read")("GET /groups").then(({ status }) => status)).toBe(403)
  const admin = as("group:private:admin", "topic:ads:read")
  expect(
    (await admin("PUT /groups/private/offsets", { body: { offsets: [{ topic: "ads", to: 0 }] } })).status,
  ).toBe(200)
  expect((await admin("DELETE /groups/private")).status).toBe(204)
})

test("who may not read a topic learns nothing of it from a group: not even whether there is such a topic", async () => {
  const { log, as } = await opened()
  const wide = as("group:g:read", "topic:*:read")
  const both = { ...beat, subscription: { topics: ["ads", "secret"] } }
  expect((await wide(...post("/groups/g/members/a", both))).json.assignment).toHaveLength(4)
  const stamp = { member: "a", memberEpoch: 1 }
  await log.groups.commit("g", [{ topic: "secret", partition: 0, offset: 0 }], stamp)
  const admin = as("group:g:admin", "topic:ads:read")
  for (const topic of ["secret", "nope"]) {
    const offsets = [
      { topic, partition: 0, offset: 0 },
      { topic: "ads", partition: 0, offset: 0 },
    ]
    const committed = await admin(...post("/groups/g/offsets", { ...stamp, offsets }))
    expect(committed.json.offsets).toEqual([
      expect.objectContaining({ topic, reason: "forbidden", need: `topic:${topic}:read` }),
      { topic: "ads", partition: 0 },
    ])
    const body = { offsets: [{ topic, to: "latest" }] }
    expect((await admin("PUT /groups/g/offsets", { body })).json.need).toBe(`topic:${topic}:read`)
    expect((await admin(`GET /groups/g/offsets?topic=${topic}`)).json.need).toBe(`topic:${topic}:read`)
  }
  for (const target of ["GET /groups/g", "GET /groups/g/offsets", "GET /groups/g/lag"]) {
    const { status, text } = await admin(target)
    expect([status, text.includes("ads"), text.includes("secret")]).toEqual([200, true, false])
    expect((await wide(target)).text).toContain("secret")
  }
})

test("a member's fetch is answered for what it owns, also after a wait in which another took over", async () => {
  const { log, call } = await opened()
  await call(...post("/groups/g/members/a", beat))
  const fetch = (group: object, waitMs: number) => {
    const partitions = [0, 1].map(partition => ({ topic: "ads", partition, offset: 0 }))
    return call(...post("/fetch", { partitions, waitMs, group }))
  }
  const reasons = ({ bytes }: { bytes: Buffer }) => {
    const { partitions } = readFrame(bytes).head as { partitions: { reason?: string }[] }
    return partitions.map(({ reason }) => reason)
  }
  const group = { group: "g", member: "a", memberEpoch: 1 }
  expect(reasons(await fetch(group, 0))).toEqual([undefined, undefined])
  expect(reasons(await fetch({ ...group, member: "b" }, 25_000))).toEqual(["fenced_member", "fenced_member"])
  const waiting = fetch(group, 25_000)
  await new Promise(resolve => setTimeout(resolve, 50))
  await call("DELETE /groups/g/members/a?epoch=1")
  await call(...post("/groups/g/members/b", beat))
  await append(log, ["x"], { topic: "ads", partition: 1 })
  expect(reasons(await waiting)).toEqual(["fenced_member", "fenced_member"])
})
