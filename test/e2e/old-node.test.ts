import { spawnSync } from "node:child_process"
import { cpSync, existsSync, readFileSync } from "node:fs"
import { delimiter, join } from "node:path"
import { expect, test } from "vitest"
import { millrace, repository, startServer, temporaryFolder } from "./support.ts"

// What a newcomer meets whose machine has an old Node: the right one comes from npm.

/** The folders of PATH without those that npm puts in front. */
const folders = (process.env.PATH ?? "").split(delimiter).filter(folder => !folder.includes("node_modules"))

function versionOf(node: string): string {
  return spawnSync(node, ["--version"], { encoding: "utf8" }).stdout?.trim() ?? ""
}

function isOld(version: string): boolean {
  const [, major, minor] = /^v(\d+)\.(\d+)\./.exec(version) ?? []
  return major !== undefined && (Number(major) < 22 || (Number(major) === 22 && Number(minor) < 18))
}

const node = folders
  .map(folder => join(folder, "node"))
  .find(path => existsSync(path) && isOld(versionOf(path)))

const oldTest = (name: string, run: (node: string) => Promise<void> | void) =>
  node === undefined
    ? test.skip(`${name} [skipped: PATH has no Node below 22.18]`)
    : test(name, () => run(node))

/** PATH as it is outside of npm. */
const env = { ...process.env, PATH: folders.join(delimiter) }

function run(program: string, args: readonly string[], cwd = repository) {
  const { status, stdout, stderr } = spawnSync(program, args, {
    cwd,
    env,
    encoding: "utf8",
  })
  return { status, stdout, stderr }
}

const { version } = JSON.parse(readFileSync(join(repository, "package.json"), "utf8"))

oldTest("an old Node hands over to the one from npm", old => {
  expect(run(old, [millrace, "--version"])).toEqual({ status: 0, stdout: `${version}\n`, stderr: "" })
  const wrong = run(old, [millrace, "topics", "list", "--colour"])
  expect(wrong).toMatchObject({ status: 2, stdout: "" })
  expect(wrong.stderr).toMatch(/^error: unknown option '--colour'/)
})

oldTest("a server ends with its launcher, and passes on what a terminal says", async old => {
  const command = [old, millrace, "start"] as const
  const server = await startServer({ command, env, args: ["--no-replay"] })
  const flight = { date: "2001/01/14 21:30", delay: 1, distance: 2, origin: "SEA", destination: "JFK" }
  expect((await server.produce("/topics/flights", [flight])).status).toBe(200)
  // The launcher is gone at once, the server soon after: it holds the same stderr, whose end is waited for.
  await server.kill()

  const again = await startServer(server.options)
  expect(again.stderr).toMatch(/^Millrace serves the app flights at /)
  expect(await again.number("SELECT count(*) FROM flights")).toBe(1)
  // Ctrl-C reaches launcher and server, and the launcher passes it on: still one orderly end.
  again.signalGroup("SIGINT")
  expect(await again.exited).toEqual({ code: 0, signal: null })
})

oldTest("npm start runs there", async () => {
  const command = ["npm", "start", "--silent", "--"] as const
  const server = await startServer({ command, env, args: ["--no-replay"] })
  expect(await server.number("SELECT count(*) FROM flights")).toBe(0)
  server.signalGroup("SIGINT")
  await server.exited
})

oldTest("without the Node from npm, one sentence asks for a new one", old => {
  const folder = temporaryFolder()
  for (const name of ["bin", "package.json"]) {
    cpSync(join(repository, name), join(folder, name), { recursive: true })
  }
  const expected = `millrace needs Node >= 22.18; this is ${versionOf(old).slice(1)}.\n`
  for (const program of ["bin/millrace.js", "bin/run.js"]) {
    expect(run(old, [program, "start"], folder)).toEqual({ status: 1, stdout: "", stderr: expected })
  }
})
