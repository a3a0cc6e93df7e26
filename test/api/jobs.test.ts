import { describe, expect, test } from "vitest"
import { createAuthenticator } from "../../shared/api/auth/authenticator.ts"
import { keyStore } from "../../shared/api/auth/keys.ts"
import { END_OF_TIME } from "../../shared/processing/operator.ts"
import { memoryPorts } from "../support/memory-ports.ts"
import { jobItem, memoryJobs, taskView } from "./jobs.ts"
import { openApi } from "./support.ts"

describe("jobs over HTTP", () => {
  test("tell why they failed, or cannot run for now", async () => {
    const at = { topic: "ad-events", partition: 2, offset: 7 }
    const fault = { task: 0, at, error: "Error: no", record: "{}" }
    const failed = openApi({ jobs: memoryJobs({ item: { ...jobItem, state: "failed", fault } }) })
    expect((await failed.call("GET /jobs/ad-stats")).json).toMatchObject({ state: "failed", fault })
    const trouble = { error: "job ad-stats: took more than its 128 MB of memory", times: 3 }
    const troubled = openApi({ jobs: memoryJobs({ trouble }) })
    expect((await troubled.call("GET /jobs")).json.jobs[0]).toMatchObject({ state: "running", trouble })
    expect((await troubled.call("GET /metrics")).text).toContain('millrace_job_up{job="ad-stats"} 0\n')
  })

  test("detached and finished ones say so, and event time before its beginning and at its end", async () => {
    const detached = openApi({ jobs: memoryJobs({ item: { ...jobItem, attached: false, state: "paused" } }) })
    expect((await detached.call("GET /jobs/ad-stats")).json.state).toBe("detached")
    const tasks = [
      { ...taskView, watermark: undefined },
      { ...taskView, task: 1, watermark: END_OF_TIME },
    ]
    const finished = openApi({ jobs: memoryJobs({ item: { ...jobItem, finished: true }, tasks }) })
    const { json } = await finished.call("GET /jobs/ad-stats")
    expect(json.state).toBe("finished")
    expect(json.tasks).toMatchObject([
      { watermark: null, watermark_lag_ms: null },
      { watermark: END_OF_TIME, watermark_lag_ms: null },
    ])
    const { text } = await finished.call("GET /metrics")
    expect(text).not.toContain("millrace_task_watermark_lag_seconds{")
  })

  test.each([
    ["GET /jobs/none", undefined, 404, "unknown_job"],
    ["POST /jobs/none/pause", undefined, 404, "unknown_job"],
    ["POST /jobs/ad-stats/resume", undefined, 409, "wrong_state"],
    ["POST /jobs/ad-stats/restore", { savepoint: "none" }, 404, "unknown_savepoint"],
    ["POST /jobs/ad-stats/restore", {}, 422, "invalid"],
    ["POST /jobs/ad-stats/savepoint", { id: "a b" }, 422, "invalid"],
    ["POST /jobs/ad-stats/savepoint", { name: "x" }, 422, "invalid"],
    ["GET /jobs/a%20b", undefined, 422, "invalid"],
    ["PUT /jobs/ad-stats", undefined, 405, "method_not_allowed"],
  ])("%s with %j is %i %s, and the next call works", async (target, body, status, reason) => {
    const { call } = openApi()
    const answer = await call(target, body === undefined ? {} : { body })
    expect({ status: answer.status, reason: answer.json.reason }).toEqual({ status, reason })
    expect((await call("GET /jobs/ad-stats")).status).toBe(200)
  })

  test("a home without jobs says so", async () => {
    const { call } = openApi({ jobs: undefined })
    expect((await call("GET /jobs")).json).toMatchObject({ error_code: 404, reason: "not_offered" })
    expect((await call("GET /metrics")).text).not.toContain("millrace_job_up")
    expect((await call("GET /topics")).status).toBe(200)
  })

  test.each([
    ["job:ad-stats:read", "GET /jobs/ad-stats", 200],
    ["job:ad-*:admin", "GET /jobs/ad-stats", 200],
    ["job:other:read", "GET /jobs/ad-stats", 403],
    ["topic:*:admin", "GET /jobs/ad-stats", 403],
    ["job:ad-stats:read", "POST /jobs/ad-stats/pause", 403],
    ["job:ad-stats:admin", "POST /jobs/ad-stats/pause", 200],
    ["job:ad-stats:read", "DELETE /jobs/ad-stats", 403],
    ["job:other:read", "GET /metrics", 200],
    ["table:*:query", "GET /metrics", 403],
  ])("with %s, %s is %i", async (scope, target, status) => {
    const ports = memoryPorts()
    const keys = keyStore(ports)
    const { call } = openApi({ keys, authenticate: createAuthenticator({ keys, clock: ports.clock }) })
    const { key } = await keys.create("somebody", [scope])
    const headers = { authorization: `Bearer ${key}` }
    expect((await call(target, { headers })).status).toBe(status)
    const sees = scope.startsWith("job:ad-")
    expect((await call("GET /jobs", { headers })).json.jobs).toHaveLength(sees ? 1 : 0)
  })
})

test("metrics are Prometheus' text, with labels escaped", async () => {
  const name = 'odd"\\'
  const { call } = openApi({ jobs: memoryJobs({ item: { ...jobItem, name } }) })
  const { text, headers } = await call("GET /metrics")
  expect(headers["content-type"]).toBe("text/plain; version=0.0.4; charset=utf-8")
  const lines = text.trimEnd().split("\n")
  expect(text.endsWith("\n")).toBe(true)
  for (const line of lines) {
    expect(line).toMatch(
      /^(# (HELP|TYPE) millrace_\w+ .+|millrace_\w+(\{\w+="(\\.|[^"\\\n])*"(,\w+="[^"]+")*\})? [\d.e+-]+)$/,
    )
  }
  const label = 'job="odd\\"\\\\",task="0"'
  expect(lines).toContain(`millrace_task_records_in_total{${label}} 1000`)
  expect(lines).toContain(`millrace_task_lag_records{${label}} 20`)
  expect(lines).toContain(`millrace_task_watermark_lag_seconds{${label}} 5`)
  expect(lines).toContain(`millrace_task_state_bytes{${label}} 4096`)
  expect(lines).toContain(`millrace_task_commit_seconds{${label}} 0.012`)
  expect(lines).toContain(`millrace_task_busy_ratio{${label}} 0.25`)
  expect(lines.filter(line => /^# TYPE millrace_(?:job|task)_/.test(line)).length).toBe(15)
})
