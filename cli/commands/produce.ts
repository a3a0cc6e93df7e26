import { Command } from "commander"
import { Batcher, type KeyedBy } from "../batches.ts"
import { path, Server } from "../http.ts"
import { inputLines } from "../line-source.ts"
import { reaching, type ServerOptions } from "../options.ts"
import { Progress, say } from "../output.ts"
import { Producer } from "../producer.ts"

interface Options extends ServerOptions {
  readonly key?: string
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
  const { key } = options
  const { partitions } = await server.json<{ partitions: readonly unknown[] }>(path`/topics/${topic}`)
  const producer = await Producer.create(server, topic, key)
  const batcher = new Batcher(
    partitions.length,
    key === undefined ? undefined : await keyedBy(key),
    firstPartition(partitions.length),
  )
  const progress = new Progress()
  const send = async () => {
    for (const batch of batcher.take()) await producer.send(batch)
    progress.show(`${format.format(producer.acknowledged)} records acknowledged`)
  }
  try {
    for await (const { lines, pause } of inputLines(files)) {
      for (const line of lines) if (batcher.add(line)) await send()
      if (pause) await send()
    }
    await send()
  } finally {
    // What is under way is waited for in failure too, so that the count is right.
    const flushed = producer.flush()
    await flushed.catch(() => undefined)
    progress.clear()
    say(`${format.format(producer.acknowledged)} records acknowledged`)
    await flushed
  }
}

export const produceCommand = () =>
  reaching(new Command("produce"))
    .description("Append lines of JSON to a topic, from files or stdin.")
    .argument("<topic>")
    .argument("[files...]", "files of one JSON value a line; - or none: stdin")
    .option("--key <field>", "the field whose value is the record's key")
    .action(run)
