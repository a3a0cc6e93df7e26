import { execFileSync } from "node:child_process"
import { join } from "node:path"
import { apiContract } from "./api-contract.ts"
import { millrace, startServer, temporaryFolder } from "./support.ts"

async function reachableServer() {
  const data = join(temporaryFolder(), "data")
  const create = ["keys", "create", "first", "--scope", "*", "--data", data]
  const key = execFileSync(process.execPath, [millrace, ...create], { stdio: ["ignore", "pipe", "ignore"] })
  const server = await startServer({ data, args: ["--no-replay", "--host", "0.0.0.0"] })
  return { url: server.url, key: key.toString().trim() }
}

apiContract("of a server that anybody can reach", reachableServer, [
  "callers",
  "requests",
  "records",
  "sql",
  "tables",
  "kafkaRest",
  "journal",
])
