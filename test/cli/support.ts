import { spawn } from "node:child_process"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { type HttpServer, startHttpServer } from "../../shared/embedded/http-server.ts"
import { openApi, type TestApi } from "../api/support.ts"

const millrace = new URL("../../bin/millrace.js", import.meta.url).pathname

/** Starting is most of what these tests do: compiled code halves it. */
const NODE_COMPILE_CACHE = join(tmpdir(), "millrace-test-compile-cache")

export interface Ended {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

export interface RunOptions {
  readonly stdin?: string
  readonly env?: Readonly<Record<string, string>>
  /** Sees stdout as it comes; true ends the command. */
  readonly until?: (stdout: string) => boolean
}

/** Runs the command as a process of its own. */
export function millraceAt(url: string) {
  return (args: readonly string[], { stdin = "", env = {}, until }: RunOptions = {}): Promise<Ended> => {
    const child = spawn(process.execPath, [millrace, ...args], {
      env: { ...process.env, NODE_COMPILE_CACHE, MILLRACE_URL: url, NO_COLOR: "1", ...env },
    })
    let stdout = ""
    let stderr = ""
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      stdout += text
      if (until?.(stdout)) child.kill()
    })
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      stderr += text
    })
    // A command that ends early closes its stdin.
    child.stdin.on("error", () => undefined)
    child.stdin.end(stdin)
    return new Promise(resolve => {
      child.on("close", code => resolve({ code, stdout, stderr }))
    })
  }
}

export interface TestCli {
  readonly api: TestApi
  readonly server: HttpServer
  readonly run: ReturnType<typeof millraceAt>
}

/** A server in this process, and the command pointed at it. */
export async function startCli(api: TestApi = openApi()): Promise<TestCli> {
  const server = await startHttpServer({ api: api.api, port: 0 })
  return { api, server, run: millraceAt(server.url) }
}
