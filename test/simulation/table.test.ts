import { describe, expect, test } from "vitest"
import { DELETE_AFTER_READ_MS, ORPHAN_AGE_MS } from "../../shared/serving/maintain/collect-table.ts"
import { shadowName } from "../../shared/serving/tables/table-item.ts"
import { type CrashScenario, crashEverywhere } from "./table-crashes.ts"
import { TABLE } from "./table-records.ts"
import { runTableSeeds, tableSummaryText } from "./table-seeds.ts"
import { runTableSeed } from "./table-workload.ts"

test("seeds 1 to 150: every pin is the table of a prefix of the log, and in the end of all of it", async () => {
  const summary = await runTableSeeds(1, 150)
  process.stdout.write(`${tableSummaryText(summary)}\n`)
  expect(summary.seeds).toBe(150)
  expect(summary.spills).toBeGreaterThan(60)
  expect(summary.merges).toBeGreaterThan(100)
  expect(summary.collected).toBeGreaterThan(20)
})

test("a seed gives the same run every time", async () => {
  const [first, second] = [await runTableSeed(7), await runTableSeed(7, { trace: true })]
  expect(second.traceHash).toBe(first.traceHash)
  expect(second.trace.length).toBeGreaterThan(100)
})

describe("a process that dies at any of its port calls, before, while or after it is applied", () => {
  const append = async (
    node: Parameters<CrashScenario["act"]>[0],
    actions: Parameters<CrashScenario["act"]>[1],
  ) => {
    for (let times = 0; times < 5; times++) await actions.append(node)
  }
  const scenarios: readonly CrashScenario[] = [
    { name: "a flush", prepare: append, act: ({ builder }) => builder.step(TABLE, 0, true) },
    {
      name: "a flush that moves segments into a list",
      async prepare(node, actions) {
        for (let times = 0; times < 12; times++) {
          await actions.append(node)
          await actions.build(node)
        }
        await append(node, actions)
      },
      async act({ builder, log }, actions) {
        for (let times = 0; times < 3; times++) {
          await builder.step(TABLE, 0, true)
          await actions.append({ log } as Parameters<CrashScenario["act"]>[0])
        }
      },
    },
    {
      name: "draining a deleted topic",
      async prepare(node, actions) {
        await append(node, actions)
        await node.log.deleteTopic("events", "http")
      },
      act: ({ builder }) => builder.step(TABLE, 0),
    },
    {
      name: "an alteration and a flush",
      prepare: append,
      async act(node, actions) {
        await actions.attach(node)
        await node.builder.step(TABLE, 0, true)
      },
    },
    { name: "stopping a table", prepare: append, act: ({ registry }) => registry.detach(TABLE, "http") },
    {
      name: "a merge inside lists",
      async prepare(node, actions) {
        for (let times = 0; times < 8; times++) {
          await actions.append(node)
          await node.builder.step(TABLE, 0, true)
        }
        await actions.kill(node)
      },
      async act({ maintainer }) {
        for (let times = 0; times < 2; times++) await maintainer.step(TABLE, 0)
      },
    },
    {
      name: "an erasure, from its acknowledgement to its end",
      async prepare(node, actions) {
        for (let times = 0; times < 2; times++) {
          await actions.append(node)
          await node.builder.step(TABLE, 0, true)
        }
        await actions.append(node)
      },
      async act(node, actions) {
        await actions.purge(node)
        await node.maintainer.step(TABLE, 0)
        await node.builder.step(TABLE, 0, true)
        await node.maintainer.step(TABLE, 0)
      },
    },
    {
      name: "collecting what merges left",
      async prepare(node, actions) {
        for (let times = 0; times < 4; times++) {
          await actions.append(node)
          await node.builder.step(TABLE, 0, true)
          await node.maintainer.step(TABLE, 0)
        }
      },
      async act({ collector, ports }) {
        for (const ms of [ORPHAN_AGE_MS, DELETE_AFTER_READ_MS]) {
          await ports.clock.sleep(ms + 60_000)
          await collector.round(() => true)
        }
      },
    },
    {
      name: "building a table anew, and swapping it in",
      async prepare(node, actions) {
        await append(node, actions)
        await node.builder.step(TABLE, 0, true)
        await actions.append(node)
      },
      async act({ registry, builder }) {
        const { spec } = (await registry.find(TABLE))!.table
        await registry.alter({ ...spec, where: "(k > 0)", rebuild: true }, "http")
        const shadow = shadowName(TABLE)
        await builder.step(shadow, 0)
        await registry.settleRebuild(shadow)
      },
    },
    {
      name: "dropping a table and making it anew",
      prepare: append,
      act: (node, actions) => actions.drop(node),
    },
  ]

  test.each(scenarios)("$name", async scenario => {
    const points = await crashEverywhere(scenario)
    process.stdout.write(`${scenario.name}: ${points} crash points\n`)
    expect(points).toBeGreaterThan(3)
  })
})
