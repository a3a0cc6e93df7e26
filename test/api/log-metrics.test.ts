import { expect, test } from "vitest"
import { createAuthenticator } from "../../shared/api/auth/authenticator.ts"
import { keyStore } from "../../shared/api/auth/keys.ts"
import { METRIC_PARTITIONS_MAX } from "../../shared/api/log-metrics.ts"
import { openLog } from "../../shared/log/open-log.ts"
import { memoryPorts } from "../support/memory-ports.ts"
import { apiWithTopic, openApi } from "./support.ts"

const figure = (text: string, metric: string) => {
  const line = text.split("\n").find(each => each.startsWith(`${metric} `))
  return line === undefined ? undefined : Number(line.slice(metric.length + 1))
}

test("what went in and out of a partition, and where it stands", async () => {
  const { call, produce, records, log } = await apiWithTopic(2)
  const headers = { "producer-id": "p", "producer-epoch": "1", "producer-seq": "0" }
  const path = "/topics/events/partitions/1"
  for (let times = 0; times < 2; times++) await produce(path, ["1", "2"], headers)
  await produce(path, ["3"], { ...headers, "producer-seq": "7" })
  await produce(path, ["3"], { ...headers, "producer-epoch": "0" })
  await records(`${path}/records`)
  const info = await log.topic("events")
  const offsets = [{ topic: "events", topicId: info.id, partition: 1, offset: 1 }]
  await log.groups.commit("readers", offsets)
  const { text, status, headers: told } = await call("GET /metrics")
  expect([status, told["content-type"]]).toEqual([200, "text/plain; version=0.0.4; charset=utf-8"])
  const at = (name: string, more = "") =>
    figure(text, `millrace_log_${name}{topic="events",partition="1"${more}}`)
  expect([at("start_offset"), at("end_offset"), at("last_stable_offset")]).toEqual([0, 2, 2])
  expect([at("records_in_total"), at("batches_in_total"), at("slots_total")]).toEqual([2, 1, 1])
  expect(at("bytes_in_total")).toBe(at("bytes_out_total"))
  expect(at("repeats_total")).toBe(1)
  expect([at("refused_total", ',reason="gap"'), at("refused_total", ',reason="fenced"')]).toEqual([1, 1])
  expect(figure(text, 'millrace_log_end_offset{topic="events",partition="0"}')).toBe(0)
  expect(figure(text, 'millrace_group_lag_records{group="readers",topic="events",partition="1"}')).toBe(1)
  const flushes = figure(text, "millrace_log_flush_seconds_count")
  expect(flushes).toBe(figure(text, 'millrace_log_flush_seconds_bucket{le="+Inf"}'))
  expect(figure(text, "millrace_log_flush_slots_total")).toBe(flushes)
})

test("each caller sees what his scopes include; the log as a whole is for who may read all of it", async () => {
  const ports = memoryPorts()
  const keys = keyStore(ports)
  const log = openLog(ports)
  const { call } = openApi({ log, keys, authenticate: createAuthenticator({ keys, clock: ports.clock }) })
  await log.createTopic({ name: "mine", partitions: 1, owner: "http" })
  await log.createTopic({ name: "theirs", partitions: 1, owner: "http" })
  const look = async (...scopes: string[]) => {
    const { key } = await keys.create("app", scopes)
    return (await call("GET /metrics", { headers: { authorization: `Bearer ${key}` } })).text
  }
  const mine = await look("topic:mine:read")
  expect(mine).toContain('millrace_log_end_offset{topic="mine",partition="0"} 0\n')
  expect(mine).not.toMatch(/theirs|flush_seconds|ad-stats/)
  expect(await look("topic:*:read")).toMatch(/theirs[\s\S]*flush_seconds/)
  expect(await look("job:*:read")).not.toMatch(/mine|theirs/)
})

test("partitions beyond the bound are counted, and not read", async () => {
  const ports = memoryPorts()
  const log = openLog(ports)
  const { call } = openApi({ log })
  await log.createTopic({ name: "many", partitions: METRIC_PARTITIONS_MAX + 7, owner: "http" })
  await log.createTopic({ name: "more", partitions: 3, owner: "http" })
  const { text } = await call("GET /metrics")
  expect(figure(text, "millrace_log_partitions_omitted")).toBe(10)
  expect(text.match(/^millrace_log_end_offset\{/gm)).toHaveLength(METRIC_PARTITIONS_MAX)
})
