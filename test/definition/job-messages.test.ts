import { spawnSync } from "node:child_process"
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join, resolve } from "node:path"
import { expect, test } from "vitest"

// What the compiler says of a mistake in a job: one line that a person can act on.

const HEAD = `import * as z from "zod"
import { count, from, sink, sum, topic, tumbling } from "millrace"
const clicks = topic("clicks", { schema: z.object({ ad: z.string(), cost: z.int() }), key: "ad" })
const counts = topic("counts", { schema: z.object({ ad: z.string(), clicks: z.int() }) })
const stream = from(clicks)
const windows = stream.keyBy("ad").window(tumbling("1m"))
const names = sink<{ name: string }>(async () => {})
`

const MISTAKES: readonly (readonly [code: string, message: string])[] = [
  [
    `stream.window(tumbling("1m"))`,
    "Property 'window' does not exist on type 'Stream<{ ad: string; cost: number; }>'.",
  ],
  [
    `stream.aggregate({ clicks: count() })`,
    "Property 'aggregate' does not exist on type 'Stream<{ ad: string; cost: number; }>'.",
  ],
  [
    `stream.keyBy("ad").aggregate({ clicks: count() }).to(counts)`,
    "Property 'to' does not exist on type 'UpdatingStream<",
  ],
  [
    `stream.keyBy("ad").aggregate({ clicks: count() }).window(tumbling("1m"))`,
    "Property 'window' does not exist on type 'UpdatingStream<",
  ],
  [
    `windows.aggregate({ cost: sum(click => click.cost) }).to(counts)`,
    "the field 'clicks' is not in the stream, or not with the type that the topic's schema requires",
  ],
  [
    `stream.toSink(names)`,
    "Argument of type 'SinkFunction<{ name: string; }>' is not assignable to parameter of type 'SinkFunction<{ ad: string; cost: number; }>'.",
  ],
  [
    `stream.keyBy("adId")`,
    'Argument of type \'"adId"\' is not assignable to parameter of type \'"ad" | "cost"\'.',
  ],
  [
    `windows.aggregate({ cost: sum(click => click.costs) })`,
    "Property 'costs' does not exist on type '{ ad: string; cost: number; }'. Did you mean 'cost'?",
  ],
  [
    `stream.keyBy("ad").window(tumbling("1 minute"))`,
    "Argument of type '\"1 minute\"' is not assignable to parameter of type",
  ],
]

function compile(code: string): string[] {
  const folder = mkdtempSync(join(tmpdir(), "millrace-messages-"))
  try {
    symlinkSync(resolve("node_modules"), join(folder, "node_modules"))
    writeFileSync(join(folder, "package.json"), `{ "type": "module" }`)
    writeFileSync(join(folder, "job.ts"), code)
    const paths = { millrace: [resolve("shared/definition/index.ts")] }
    const config = { extends: resolve("tsconfig.json"), compilerOptions: { paths }, include: ["job.ts"] }
    writeFileSync(join(folder, "tsconfig.json"), JSON.stringify(config))
    const tsc = resolve("node_modules/typescript/bin/tsc")
    const { stdout } = spawnSync(process.execPath, [tsc, "-p", folder, "--pretty", "false"])
    return stdout.toString().trimEnd().split("\n")
  } finally {
    rmSync(folder, { recursive: true })
  }
}

test("the compiler's messages can be read", () => {
  const first = HEAD.split("\n").length
  const lines = compile(HEAD + MISTAKES.map(([code]) => code).join("\n"))
  const messages = MISTAKES.map((_mistake, index) => {
    const at = lines.findIndex(line => line.includes(`job.ts(${first + index},`))
    return lines[at]?.replace(/^.*?error TS\d+: /, "")
  })
  expect(messages).toEqual(MISTAKES.map(([, message]) => expect.stringContaining(message)))
})
