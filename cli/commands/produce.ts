import { Command, Option } from "commander"
import { Batcher, type KeyedBy } from "../batches.ts"
import { path, Server } from "../http.ts"
import { journalled } from "../journal-producer.ts"
import { inputLines } from "../line-source.ts"
import { reaching, type ServerOptions } from "../options.ts"
import { Progress, say } from "../output.ts"
import { idempotent } from "../producer.ts"
import { Sender } from "../sender.ts"

interface Options extends ServerOptions {
  readonly key?: string
  readonly ack: "log" | "journal"
}

const format = new Intl.NumberFormat("en-US")

/** The partition where keyless lines begin: any, so that many short runs spread. */
function firstPartition(partitions: number): number {
  return Math.floor(Math.random() * partitions)
}

async function keyedBy(field: string): Promise<KeyedBy> {
  const { ndjsonRecords: parse } = await import("../../shared/log/records/index.ts")
  return { field, parse }
}

async function run(topic: string, files: readonly string[], options: Options): Promise<void> {
  const server = new Server(options)
  const { key, ack } = options
  const { partitions } = await server.json<{ partitions: readonly unknown[] }>(path`/topics/${topic}`)
  const deliver = ack === "journal" ? journalled(server, topic, key) : await idempotent(server, topic, key)
  const sender = new Sender(deliver)
  const batcher = new Batcher(
    partitions.length,
    key === undefined ? undefined : await keyedBy(key),
    firstPartition(partitions.length),
  )
  const progress = new Progress()
  const send = async () => {
    for (const batch of batcher.take()) await sender.send(batch)
    progress.show(`${format.format(sender.acknowledged)} records acknowledged`)
  }
  try {
    for await (const { lines, pause } of inputLines(files)) {
      for (const line of lines) if (batcher.add(line)) await send()
      if (pause) await send()
    }
    await send()
  } finally {
    // What is under way is waited for in failure too, so that the count is right.
    const flushed = sender.flush()
    await flushed.catch(() => undefined)
    progress.clear()
    say(`${format.format(sender.acknowledged)} records acknowledged`)
    await flushed
  }
}

export const produceCommand = () =>
  reaching(new Command("produce"))
    .description("Append lines of JSON to a topic, from files or stdin.")
    .argument("<topic>")
    .argument("[files...]", "files of one JSON value a line; - or none: stdin")
    .option("--key <field>", "the field whose value is the record's key")
    .addOption(
      new Option("--ack <what>", "what to wait for: the log, or a deployment's journal before it")
        .choices(["log", "journal"])
        .default("log"),
    )
    .action(run)
