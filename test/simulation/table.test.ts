import { describe, expect, test } from "vitest"
import { type CrashScenario, crashEverywhere } from "./table-crashes.ts"
import { TABLE } from "./table-records.ts"
import { runTableSeeds, tableSummaryText } from "./table-seeds.ts"
import { runTableSeed } from "./table-workload.ts"

test("seeds 1 to 400: every pin is the table of a prefix of the log, and in the end of all of it", async () => {
  const summary = await runTableSeeds(1, 400)
  process.stdout.write(`${tableSummaryText(summary)}\n`)
  expect(summary.seeds).toBe(400)
  expect(summary.spills).toBeGreaterThan(100)
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
