import { afterAll, beforeAll, expect, test } from "vitest"
import type { Log } from "../../shared/log/types.ts"
import { append } from "../log/support.ts"
import { startCli, type TestCli } from "./support.ts"

let cli: TestCli
let log: Log
beforeAll(async () => {
  cli = await startCli()
  log = cli.api.log
  await log.createTopic({ name: "events", partitions: 2, owner: "http" })
  await append(log, ["a", "b", "c"], { partition: 1 })
  await log.groups.commit("nightly", [{ topic: "events", partition: 1, offset: 1 }])
  const beat = { group: "shop", member: "till-1", instanceId: "till", owned: [] }
  await log.groups.heartbeat({ ...beat, memberEpoch: 0, subscription: { topics: ["events"] } })
})
afterAll(() => cli.server.close())

test("groups are listed, described, and tell their lag", async () => {
  const { run } = cli
  const [list, describe, lag, json] = await Promise.all([
    run(["groups", "list"]),
    run(["groups", "describe", "shop"]),
    run(["groups", "lag", "nightly"]),
    run(["groups", "lag", "nightly", "--json"]),
  ])
  expect(list).toEqual({
    code: 0,
    stdout: "group    state\n-------  ---------\nnightly  empty\nshop     assigning\n",
    stderr: "",
  })
  expect(describe.stdout).toMatch(
    /^state=assigning\nepoch=1\nassignor=uniform\nmember +epoch +deadline +reads\n/,
  )
  expect(describe.stdout).toMatch(/\ntill-1 \(till\) +1 +20\d\d-.*Z +-\n$/)
  expect(lag.stdout.split("\n").slice(2)).toEqual(["events          1          1    3    2  -", ""])
  expect(JSON.parse(json.stdout)).toMatchObject([{ topic: "events", partition: 1, offset: 1, lag: 2 }])
})

test("offsets are set while nobody reads, and a group is deleted", async () => {
  const { run } = cli
  const at = ["--topic", "events", "--to"]
  const [used, wrong, latest] = await Promise.all([
    run(["groups", "reset", "shop", ...at, "earliest"]),
    run(["groups", "reset", "nightly", ...at, "yesterday"]),
    run(["groups", "reset", "nightly", ...at, "latest"]),
  ])
  expect(used).toEqual({ code: 1, stdout: "", stderr: "error: group shop has members: stop them first\n" })
  expect(wrong.code).toBe(2)
  expect(wrong.stderr).toContain("Expected earliest, latest, an offset or a time")
  expect(latest.stdout.split("\n").slice(2)).toEqual([
    "events          0          0",
    "events          1          3",
    "",
  ])
  const one = await run(["groups", "reset", "nightly", ...at, "1999-01-01", "--partition", "1"])
  expect(one.stdout.split("\n").slice(2)).toEqual(["events          1          0", ""])
  expect(await run(["groups", "delete", "nightly"])).toEqual({
    code: 0,
    stdout: "",
    stderr: "Deleted group nightly.\n",
  })
  expect((await log.groups.list()).map(({ group }) => group)).toEqual(["shop"])
})
