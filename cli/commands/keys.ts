import { Command } from "commander"
import { KEY_RATES, type KeyLimits, keyLimits } from "../../shared/api/auth/key-limits.ts"
import type { KeyInfo, KeyStore, NewKey } from "../../shared/api/auth/types.ts"
import { exitCodes, Failure } from "../failure.ts"
import { path, Server } from "../http.ts"
import { reaching, repeated, type ServerOptions } from "../options.ts"
import { print, say } from "../output.ts"
import { textTable } from "../text-table.ts"

interface Options extends ServerOptions {
  /** The folder of a server that is stopped: the keys are changed there, without a server. */
  readonly data?: string
  readonly json?: boolean
}

/** Failures of a folder that a person can mend. */
const expected = /^(?:Storage|Api)Error$/

/** The keys, of a server or of a folder. */
type Keys = Pick<KeyStore, "create" | "list" | "revoke">

function remote(server: Server): Keys {
  return {
    create: (name, scopes, limits) => server.post<NewKey>("/keys", { name, scopes, ...limits }),
    list: async () => (await server.json<{ keys: KeyInfo[] }>("/keys")).keys,
    async revoke(id) {
      await server.call(path`/keys/${id}`, { method: "DELETE" })
      return true
    },
  }
}

async function withKeys<T>({ data, ...options }: Options, use: (keys: Keys) => Promise<T>): Promise<T> {
  if (data === undefined) return await use(remote(new Server(options)))
  // The stores' modules take a while to load; a server's keys need none of them.
  const { withOfflineKeys } = await import("../../shared/embedded/offline-keys.ts")
  try {
    return await withOfflineKeys(data, use)
  } catch (error) {
    if (error instanceof Error && expected.test(error.name)) {
      throw new Failure(exitCodes.failed, error.message, { cause: error })
    }
    throw error
  }
}

type CreateOptions = Options & KeyLimits & { readonly scope: readonly string[] }

async function create(name: string, options: CreateOptions): Promise<void> {
  const limits = keyLimits(options)
  const made = await withKeys(options, keys => keys.create(name, options.scope, limits))
  const { id, key, scopes } = made
  const shown = { id, key, name: made.name, scopes, ...limits }
  await print(options.json ? `${JSON.stringify(shown)}\n` : `${key}\n`)
  say(`Made the key ${id} (${made.name}: ${scopes.join(" ")}). It is shown this once.`)
}

/** `5/s`, `consume 100 bytes/s`. */
function rateText(rate: (typeof KEY_RATES)[number], value: number): string {
  const [, direction, unit] = /^(produce|consume)(Bytes|Requests)/.exec(rate) ?? []
  return direction === undefined ? `${value}/s` : `${direction} ${value} ${unit?.toLowerCase()}/s`
}

async function list(options: Options): Promise<void> {
  const keys = await withKeys(options, store => store.list())
  if (options.json) {
    await print(keys.map(key => `${JSON.stringify(key)}\n`).join(""))
    return
  }
  const rows = keys.map(({ id, name, scopes, created, rowFilter, ...limits }) => [
    id,
    name,
    [
      ...scopes,
      ...(rowFilter === undefined ? [] : [`where ${rowFilter}`]),
      ...KEY_RATES.flatMap(rate => (limits[rate] === undefined ? [] : [rateText(rate, limits[rate])])),
    ].join(" "),
    new Date(created).toISOString(),
  ])
  await print(textTable(["id", "name", "scopes", "created"], rows, [false, false, false, false]))
}

async function revoke(id: string, options: Options): Promise<void> {
  if (!(await withKeys(options, keys => keys.revoke(id)))) {
    throw new Failure(exitCodes.failed, `There is no key ${id}; millrace keys list shows them.`)
  }
  say(`Revoked the key ${id}: it is refused everywhere within a minute.`)
}

const withData = (command: Command) =>
  reaching(command).option("--data <folder>", "of a server that is stopped: change its folder itself")

const json = ["--json", "print JSON"] as const

export function keysCommand(): Command {
  const keys = new Command("keys").description("Make, list and revoke keys.")
  withData(keys.command("create"))
    .description("Make a key and print it, this once.")
    .argument("<name>", "what it is for")
    .requiredOption(
      "--scope <scope>",
      "what it may do: topic:<name>:read|write|admin, table:<name>:query|admin, job:<name>:read|admin, group:<name>:read|admin, transaction:<id>:write, deployment:*:admin, or * for all; may be repeated",
      repeated,
    )
    .option("--row-filter <condition>", "of which rows its queries may know, such as 'member_id = 7'")
    .option("--queries-per-second <number>", "queries that a process answers it, on average", Number)
    .option("--produce-bytes-per-second <number>", "bytes that a process takes from it", Number)
    .option("--produce-requests-per-second <number>", "requests to append that it takes from it", Number)
    .option("--consume-bytes-per-second <number>", "bytes of records that a process gives to it", Number)
    .option("--consume-requests-per-second <number>", "requests for records that it answers it", Number)
    .option(...json)
    .action(create)
  withData(keys.command("list"))
    .description("Print the keys' ids, names and scopes.")
    .option(...json)
    .action(list)
  withData(keys.command("revoke")).description("Revoke a key.").argument("<id>").action(revoke)
  return keys
}
