import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { jobItem, memoryJobs, taskView } from "../api/jobs.ts"
import { openApi } from "../api/support.ts"
import { startCli, type TestCli } from "./support.ts"

let cli: TestCli
beforeAll(async () => {
  cli = await startCli()
})
afterAll(() => cli.server.close())

describe("millrace jobs", () => {
  test("lists them, and shows how far one is", async () => {
    const { run } = cli
    const [list, status, json] = await Promise.all([
      run(["jobs", "list"]),
      run(["jobs", "status", "ad-stats"]),
      run(["jobs", "status", "ad-stats", "--json"]),
    ])
    expect(list).toEqual({
      code: 0,
      stdout:
        "job       state    changing  generation  reads      writes\n--------  -------  --------  ----------  ---------  --------\nad-stats  running                     1  ad-events  ad-stats\n",
      stderr: "",
    })
    expect(status.stdout).toBe(`ad-stats: running
generation 1 of app:ads, ad-events → ad-stats

task    in  out  late  skipped  lag  watermark                 behind   state  busy
----  ----  ---  ----  -------  ---  ------------------------  ------  ------  ----
   0  1000   12     1        0   20  2026-01-01T00:00:00.000Z   5.0 s  4.1 KB  25 %

task  topic      partition  next   end  lag  is
----  ---------  ---------  ----  ----  ---  --
   0  ad-events          0  1000  1020   20
`)
    expect(JSON.parse(json.stdout)).toMatchObject({ name: "ad-stats", tasks: [{ lag: 20 }] })
  })

  test("steers one; going back says that results are given again", async () => {
    const { run } = cli
    expect(await run(["jobs", "savepoint", "ad-stats", "--id", "before"])).toMatchObject({
      code: 0,
      stdout: "before\n",
      stderr: expect.stringContaining("millrace jobs restore ad-stats before"),
    })
    expect(await run(["jobs", "pause", "ad-stats"])).toMatchObject({ code: 0, stdout: "" })
    expect(await run(["jobs", "pause", "ad-stats"])).toEqual({
      code: 1,
      stdout: "",
      stderr: "error: job ad-stats is paused: expected it to run\n",
    })
    expect(await run(["jobs", "resume", "ad-stats"])).toMatchObject({ code: 0 })
    await run(["jobs", "pause", "ad-stats"])
    expect(await run(["jobs", "resume", "ad-stats", "--skip-missing"])).toEqual({
      code: 0,
      stdout: "",
      stderr: "Job ad-stats goes on, without records that were deleted before it read them.\n",
    })
    const restored = await run(["jobs", "restore", "ad-stats", "before"])
    expect(restored).toMatchObject({
      code: 0,
      stderr: expect.stringMatching(/stay in its topics.*given again/),
    })
    expect(await run(["jobs", "reset", "ad-stats"])).toMatchObject({ code: 0 })
    expect((await run(["jobs", "status", "ad-stats"])).stdout).toContain("savepoint")
  })

  test.each([
    [["status", "none"], 1, /job none does not exist/],
    [["restore", "ad-stats", "none"], 1, /has no savepoint none/],
    [["delete", "ad-stats"], 1, /belongs to app:ads/],
    [["restore", "ad-stats"], 2, /missing required argument 'savepoint'/],
    [["status", "ad-stats", "--url", "http://127.0.0.1:1"], 3, /Cannot reach/],
  ])("%j ends with %i and says why", async (args, code, words) => {
    expect(await cli.run(["jobs", ...args])).toMatchObject({
      code,
      stdout: "",
      stderr: expect.stringMatching(words),
    })
  })

  test("shows why one failed", async () => {
    const fault = {
      task: 0,
      topic: "ad-events",
      partition: 2,
      offset: 7,
      error: "Error: no",
      record: '{"a":1}',
    }
    const trouble = { error: "job ad-stats: took too much", times: 2 }
    const item = { ...jobItem, state: "failed" as const, fault }
    const failed = await startCli(openApi({ jobs: memoryJobs({ item, trouble, tasks: [taskView] }) }))
    const { stdout } = await failed.run(["jobs", "status", "ad-stats"])
    expect(stdout).toContain(
      'trouble: job ad-stats: took too much (2 times)\n\nfault: Error: no\n  at task 0, topic ad-events, partition 2, offset 7\n  record: {"a":1}\n',
    )
    await failed.server.close()
  })
})
