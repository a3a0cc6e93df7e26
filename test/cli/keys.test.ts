import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { createAuthenticator } from "../../shared/api/auth/authenticator.ts"
import { keyStore } from "../../shared/api/auth/keys.ts"
import type { DeadLetters } from "../../shared/api/auth/types.ts"
import { openApi } from "../api/support.ts"
import { memoryPorts } from "../support/memory-ports.ts"
import { startCli, type TestCli } from "./support.ts"

let cli: TestCli
let key: string
let letters = 0

/** Every third is beyond help. */
const deadLetters: DeadLetters = {
  count: async () => letters,
  async redrive(max) {
    const tried = Math.min(max, letters)
    const failed = letters === 1 ? 1 : 0
    letters -= tried - failed
    return { redriven: tried - failed, failed, remaining: letters }
  },
}

beforeAll(async () => {
  const ports = memoryPorts()
  const keys = keyStore(ports)
  key = (await keys.create("root", ["*"])).key
  const authenticate = createAuthenticator({ keys, clock: ports.clock })
  cli = await startCli(openApi({ keys, authenticate, deadLetters }))
  await cli.api.log.createTopic({ name: "ads", partitions: 2, owner: "http" })
})
afterAll(() => cli.server.close(0))

const run = (args: readonly string[], secret: string | undefined = key, stdin = "") =>
  cli.run(args, { stdin, env: { MILLRACE_KEY: secret ?? "" } })

describe.concurrent("millrace keys", () => {
  test("makes one that sees some rows and asks so often, and refuses a filter that is none", async () => {
    const scope = ["--scope", "table:views:query"]
    const made = await run([
      "keys",
      "create",
      "member",
      ...scope,
      "--row-filter",
      "member_id = 7",
      "--queries-per-second",
      "5",
      "--json",
    ])
    expect(JSON.parse(made.stdout)).toMatchObject({ rowFilter: "member_id = 7", queriesPerSecond: 5 })
    expect((await run(["keys", "list"])).stdout).toContain("table:views:query where member_id = 7 5/s")
    const refused = await run(["keys", "create", "member", ...scope, "--row-filter", "member_id ="])
    expect(refused).toMatchObject({ code: 1, stdout: "" })
    expect(refused.stderr).toContain("rowFilter: unexpected end of the expression")
  })

  test("makes a key, prints it once, lists it without itself, and revokes it", async () => {
    const made = await run([
      "keys",
      "create",
      "tower",
      "--scope",
      "topic:ads:write",
      "--scope",
      "table:*:query",
    ])
    expect(made.code).toBe(0)
    expect(made.stdout).toMatch(/^mr_[\w-]{43}\n$/)
    const secret = made.stdout.trim()
    const [, id = ""] =
      /^Made the key ([0-9a-f]{16}) \(tower: topic:ads:write table:\*:query\)\./.exec(made.stderr) ?? []
    expect(made.stderr).not.toContain(secret)
    const listed = await run(["keys", "list"])
    expect(listed.stdout).toMatch(
      new RegExp(`^id +name +scopes +created\n[\\s\\S]*${id}  tower +topic:ads:write table`),
    )
    expect(listed.stdout).not.toContain(secret.slice(3, 20))
    expect((await run(["produce", "ads"], secret, "{}\n")).stderr).toBe("1 records acknowledged\n")
    expect(await run(["keys", "revoke", id])).toMatchObject({ code: 0, stdout: "" })
    expect(await run(["keys", "revoke", id])).toMatchObject({
      code: 1,
      stderr: `error: There is no key ${id}; GET /keys lists them.\n`,
    })
    const after = await run(["produce", "ads"], secret, "{}\n")
    expect(after).toMatchObject({ code: 1, stdout: "" })
    expect(after.stderr).toMatch(
      /^error: headers\.authorization: is no key of this deployment.*MILLRACE_KEY or --api-key/,
    )
    expect(after.stderr).not.toContain(secret.slice(3, 20))
  })

  test("needs a name and a scope that mean something", async () => {
    expect((await run(["keys", "create", "tower"])).code).toBe(2)
    const wrong = await run(["keys", "create", "tower", "--scope", "topic:ads"])
    expect(wrong).toMatchObject({ code: 1, stdout: "" })
    expect(wrong.stderr).toBe("error: body.scopes.0: expected kind:name:action, or * for everything\n")
    expect((await run(["keys", "list"])).code).toBe(0)
  })
})

describe.concurrent("a server that asks who calls", () => {
  test("is told by --api-key or MILLRACE_KEY, else the command says what is missing", async () => {
    const commands = [
      ["topics", "list"],
      ["consume", "ads"],
      ["query", "SELECT 1"],
      ["keys", "list"],
    ]
    const missing = {
      code: 1,
      stdout: "",
      stderr:
        "error: headers.authorization: is missing, expected Bearer and a key. MILLRACE_KEY or --api-key gives the key.\n",
    }
    const refused = await Promise.all(commands.map(args => run(args, "")))
    expect(refused).toEqual(commands.map(() => missing))
    expect(await run(["topics", "list", "--api-key", key], "")).toMatchObject({ code: 0, stdout: "ads\n" })
    expect(await run(["topics", "list"])).toMatchObject({ code: 0, stdout: "ads\n" })
  })

  test("says which scope a key lacks", async () => {
    const { stdout } = await run(["keys", "create", "reader", "--scope", "topic:ads:read"])
    const refused = await run(["produce", "ads"], stdout.trim(), "{}\n")
    expect(refused).toMatchObject({ code: 1, stdout: "" })
    expect(refused.stderr).toContain('error: The key "reader" has no scope that includes topic:…:write.\n')
    expect((await run(["consume", "ads", "--max", "1"], stdout.trim())).code).toBe(0)
  })

  test("never sees a key that cannot be one, and the command never prints one", async () => {
    const secrets = ["mr_secret with spaces", "mr_secrét", "mr_secret\n"]
    const refused = await Promise.all(secrets.map(secret => run(["topics", "list"], secret)))
    const message = "--api-key (MILLRACE_KEY): expected printable ASCII characters without spaces"
    expect(refused).toEqual(secrets.map(() => ({ code: 2, stdout: "", stderr: `error: ${message}\n` })))
    const inUrl = await run(["topics", "list", "--url", `http://user:mr_secret@127.0.0.1:${cli.server.port}`])
    expect(inUrl.code).toBe(2)
    const nobody = await run(["topics", "list", "--url", "http://127.0.0.1:9"], "mr_secret")
    expect(nobody.code).toBe(3)
    const help = await run(["topics", "list", "--help"], "mr_secret")
    for (const { stdout, stderr } of [inUrl, nobody, help]) expect(stdout + stderr).not.toMatch(/mr_s/)
  })
})

test("millrace redrive goes on until nothing is left that can be helped", async () => {
  letters = 250
  expect(await run(["redrive", "--max", "30"])).toMatchObject({
    code: 0,
    stdout: "30 redriven, 0 failed, 220 remaining\n",
  })
  expect(await run(["redrive"])).toMatchObject({ code: 0, stdout: "220 redriven, 0 failed, 0 remaining\n" })
  letters = 1
  expect(await run(["redrive"])).toMatchObject({
    code: 1,
    stdout: "0 redriven, 1 failed, 1 remaining\n",
    stderr: "error: 1 failed again, and stay\n",
  })
})
