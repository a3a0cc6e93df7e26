import { describe, expect, test } from "vitest"
import { openApi } from "./support.ts"

describe("topics", () => {
  test("are created, listed, described and deleted", async () => {
    const { call } = openApi()
    const config = { "retention.ms": "1000" }
    const created = await call("POST /topics", { body: { name: "events", partitions: 2, config } })
    expect(created).toMatchObject({ status: 201, headers: { location: "/topics/events" } })
    expect(created.json).toEqual({ name: "events", id: expect.any(String), partitions: 2, config })

    await call("POST /topics", { body: { name: "another" } })
    expect((await call("GET /topics")).json).toEqual(["another", "events"])

    const replicas = [{ broker: 0, leader: true, in_sync: true }]
    expect((await call("GET /topics/events")).json).toEqual({
      name: "events",
      configs: config,
      partitions: [
        { partition: 0, leader: 0, replicas },
        { partition: 1, leader: 0, replicas },
      ],
    })
    expect(await call("DELETE /topics/events")).toMatchObject({ status: 204, text: "" })
    expect(await call("GET /topics/events")).toMatchObject({ status: 404, json: { error_code: 40401 } })
    expect((await call("GET /topics")).json).toEqual(["another"])
  })

  test("answer under Kafka REST's type when asked", async () => {
    const { call } = openApi()
    const accept = "application/vnd.kafka.v2+json, application/json;q=0.5"
    const answer = await call("GET /topics", { headers: { accept } })
    expect(answer.headers["content-type"]).toBe("application/vnd.kafka.v2+json")
  })

  test("that exist cannot be created again", async () => {
    const { call } = openApi()
    await call("POST /topics", { body: { name: "events" } })
    const again = await call("POST /topics", { body: { name: "events" } })
    expect(again).toMatchObject({ status: 409, json: { error_code: 40902, reason: "topic_exists" } })
    expect((await call("GET /topics")).json).toEqual(["events"])
  })

  test("of an app are the app's to delete", async () => {
    const { call, log } = openApi()
    await log.createTopic({ name: "theirs", partitions: 1, owner: "app:shop" })
    const answer = await call("DELETE /topics/theirs")
    expect(answer).toMatchObject({ status: 409, json: { error_code: 40904, reason: "managed_by_app" } })
    expect((await call("GET /topics/theirs")).status).toBe(200)
  })

  test("with several mistakes get one error that names them all", async () => {
    const { call } = openApi()
    const answer = await call("POST /topics", { body: { name: "no spaces", partitions: 0, colour: "red" } })
    expect(answer.status).toBe(422)
    expect(answer.json).toMatchObject({ error_code: 422, reason: "invalid" })
    expect(answer.json.message).toContain(
      'body.name: expected a topic\'s name, 1 to 100 of a-z A-Z 0-9 . _ -, got "no spaces"',
    )
    expect(answer.json.message).toContain("body.partitions: expected an integer, 1 to 10000")
    expect(answer.json.message).toContain("body.colour: is not known here")
    expect((await call("POST /topics", { body: { name: "fine" } })).status).toBe(201)
  })

  test("with a configuration that the log does not know are refused with its path", async () => {
    const { call } = openApi()
    const answer = await call("POST /topics", {
      body: { name: "events", config: { "retention.hours": "1" } },
    })
    expect(answer).toMatchObject({ status: 422, json: { error_code: 42210, reason: "invalid_topic" } })
    expect(answer.json.message).toContain("retention.hours")
  })

  test("have offsets", async () => {
    const { call, produce } = openApi()
    await call("POST /topics", { body: { name: "events" } })
    await produce("/topics/events", ["1", "2"])
    const answer = await call("GET /topics/events/partitions/0/offsets")
    expect(answer).toMatchObject({ status: 200, json: { beginning_offset: 0, end_offset: 2 } })
    const unknown = await call("GET /topics/events/partitions/1/offsets")
    expect(unknown).toMatchObject({ status: 404, json: { error_code: 40402, reason: "unknown_partition" } })
  })
})

describe("producers", () => {
  test("get a fresh id each", async () => {
    const { call } = openApi()
    const first = await call("POST /producers")
    const second = await call("POST /producers", { body: {} })
    expect(first).toMatchObject({ status: 200, json: { id: expect.any(String), epoch: 0 } })
    expect(second.json.id).not.toBe(first.json.id)
    expect((await call("POST /producers", { body: { id: "mine" } })).json.message).toBe(
      "body.id: is not known here",
    )
  })
})
