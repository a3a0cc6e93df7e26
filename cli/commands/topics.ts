import { Command, InvalidArgumentError } from "commander"
import { exitCodes, Failure } from "../failure.ts"
import { path, Server } from "../http.ts"
import { integer, reaching, repeated, type ServerOptions } from "../options.ts"
import { print, say } from "../output.ts"
import { textTable } from "../text-table.ts"

interface JsonOption extends ServerOptions {
  readonly json?: boolean
}

interface Topic {
  readonly name: string
  readonly configs: Readonly<Record<string, string>>
  readonly partitions: readonly { readonly partition: number }[]
}

interface Offsets {
  readonly beginning_offset: number
  readonly end_offset: number
}

/** Requests at once while describing a topic of many partitions. */
const OFFSETS_CONCURRENCY = 16

type Config = Readonly<Record<string, string>>

function configEntry(text: string, previous: Config = {}): Config {
  const at = text.indexOf("=")
  if (at < 1) throw new InvalidArgumentError("Expected name=value.")
  return { ...previous, [text.slice(0, at)]: text.slice(at + 1) }
}

function offsetOrEnd(text: string): number {
  return text === "end" ? -1 : integer(0, Number.MAX_SAFE_INTEGER)(text)
}

async function list({ json, ...server }: JsonOption): Promise<void> {
  const names = await new Server(server).json<string[]>("/topics")
  await print(json ? `${JSON.stringify(names)}\n` : names.map(name => `${name}\n`).join(""))
}

async function create(
  name: string,
  options: ServerOptions & { partitions: number; config?: Config },
): Promise<void> {
  const { partitions, config = {} } = options
  await new Server(options).post("/topics", { name, partitions, config })
  say(`Created topic ${name} with ${partitions} partition${partitions === 1 ? "" : "s"}.`)
}

async function partitionOffsets(server: Server, topic: Topic): Promise<Offsets[]> {
  const offsets: Offsets[] = []
  for (let first = 0; first < topic.partitions.length; first += OFFSETS_CONCURRENCY) {
    const some = topic.partitions.slice(first, first + OFFSETS_CONCURRENCY)
    const calls = some.map(({ partition }) =>
      server.json<Offsets>(path`/topics/${topic.name}/partitions/${partition}/offsets`),
    )
    offsets.push(...(await Promise.all(calls)))
  }
  return offsets
}

async function describe(name: string, { json, ...options }: JsonOption): Promise<void> {
  const server = new Server(options)
  const topic = await server.json<Topic>(path`/topics/${name}`)
  const offsets = await partitionOffsets(server, topic)
  if (json) {
    const partitions = offsets.map((bounds, partition) => ({ partition, ...bounds }))
    await print(`${JSON.stringify({ name: topic.name, configs: topic.configs, partitions })}\n`)
    return
  }
  const configs = Object.entries(topic.configs).map(([key, value]) => `${key}=${value}\n`)
  const rows = offsets.map((bounds, i) => [`${i}`, `${bounds.beginning_offset}`, `${bounds.end_offset}`])
  await print(configs.join("") + textTable(["partition", "beginning", "end"], rows, [true, true, true]))
}

async function alter(
  name: string,
  options: ServerOptions & { partitions?: number; config?: Config; reset?: readonly string[] },
): Promise<void> {
  const { partitions, config, reset = [] } = options
  if (partitions === undefined && config === undefined && reset.length === 0) {
    throw new Failure(exitCodes.usage, "expected --partitions, --config or --reset")
  }
  const changes = { ...config, ...Object.fromEntries(reset.map(entry => [entry, null])) }
  await new Server(options).post(path`/topics/${name}`, { partitions, config: changes }, "PATCH")
  say(`Altered topic ${name}.`)
}

async function deleteRecords(
  name: string,
  options: ServerOptions & { partition?: number; before: number },
): Promise<void> {
  const { partition, before } = options
  const server = new Server(options)
  const all = async () => (await server.json<Topic>(path`/topics/${name}`)).partitions
  const partitions = partition === undefined ? await all() : [{ partition }]
  if (partitions.length > 1 && before >= 0) {
    const message = `--before: an offset is one partition's, and ${name} has ${partitions.length}; expected --partition beside it, or end`
    throw new Failure(exitCodes.usage, message)
  }
  for (const { partition: at } of partitions) {
    const target = path`/topics/${name}/partitions/${at}/delete-records`
    const { startOffset } = await server.post<{ startOffset: number }>(target, { before })
    say(`Partition ${at} of ${name} begins at offset ${startOffset}.`)
  }
}

async function remove(name: string, options: ServerOptions): Promise<void> {
  await new Server(options).call(path`/topics/${name}`, { method: "DELETE" })
  say(`Deleted topic ${name}.`)
}

const json = ["--json", "print JSON"] as const

export function topicsCommand(): Command {
  const topics = new Command("topics").description(
    "List, create, describe, alter and delete topics, and delete records.",
  )
  reaching(topics.command("list"))
    .description("Print the topics' names.")
    .option(...json)
    .action(list)
  reaching(topics.command("create"))
    .description("Create a topic.")
    .argument("<topic>")
    .option("--partitions <count>", "how many partitions", integer(1, 10_000), 1)
    .option("--config <name=value>", "a configuration entry; may be repeated", configEntry)
    .action(create)
  reaching(topics.command("describe"))
    .description("Print a topic's configuration and its partitions' offsets.")
    .argument("<topic>")
    .option(...json)
    .action(describe)
  reaching(topics.command("alter"))
    .description("Give a topic more partitions, or other configuration entries.")
    .argument("<topic>")
    .option("--partitions <count>", "how many partitions from now on", integer(1, 10_000))
    .option("--config <name=value>", "a configuration entry; may be repeated", configEntry)
    .option("--reset <name>", "an entry to take back to its default; may be repeated", repeated)
    .action(alter)
  reaching(topics.command("delete-records"))
    .description("Delete a topic's records below an offset.")
    .argument("<topic>")
    .requiredOption("--before <offset>", "the first offset that stays, or end: all records go", offsetOrEnd)
    .option("--partition <number>", "of this partition; without it, of all", integer(0, 2 ** 31 - 1))
    .action(deleteRecords)
  reaching(topics.command("delete"))
    .description("Delete a topic with its records.")
    .argument("<topic>")
    .action(remove)
  return topics
}
