import { Command, InvalidArgumentError } from "commander"
import { exitCodes, Failure } from "../failure.ts"
import { path, refusal, Server } from "../http.ts"
import { integer, reaching, type ServerOptions } from "../options.ts"
import { print } from "../output.ts"
import { type BinaryRecord, recordLine, valueLine } from "../record-line.ts"

/** The longest that the server waits for a record. */
const WAIT_MS = 25_000

/** Large replies cost fewer requests; the server's bound is 4 MiB. */
const FETCH_BYTES = 1024 * 1024

/** The first pause and the longest between tries while a followed server is away. */
const RETRY_MS = 250
const RETRY_MS_MAX = 5_000

interface Options extends ServerOptions {
  readonly partition?: number
  readonly offset?: number
  readonly fromBeginning?: boolean
  /** Epoch ms. */
  readonly fromTime?: number
  readonly group?: string
  readonly max?: number
  readonly follow?: boolean
  readonly json?: boolean
}

interface Offsets {
  readonly beginning_offset: number
  readonly end_offset: number
}

/** What all partitions' readers share: how many records may still be printed. */
interface Share {
  left: number
  readonly stop: AbortController
}

const pause = (ms: number) => new Promise(resolve => setTimeout(resolve, ms))

class PartitionReader {
  readonly #server: Server
  readonly #topic: string
  readonly #partition: number
  readonly #options: Options
  #offset: number

  constructor(server: Server, topic: string, partition: number, offset: number, options: Options) {
    this.#server = server
    this.#topic = topic
    this.#partition = partition
    this.#offset = offset
    this.#options = options
  }

  /** Prints records until `end` (exclusive), or for ever where it is infinite, or until the share is used up. */
  async read(end: number, share: Share): Promise<void> {
    while (this.#offset < end && share.left > 0) {
      const before = this.#offset
      const records = await this.#fetch(end === Number.POSITIVE_INFINITY ? WAIT_MS : 0, share.stop.signal)
      await this.#print(records, end, share)
      // Only a log that shrank could stand still below its own end.
      if (Number.isFinite(end) && this.#offset === before) return
    }
    if (share.left <= 0) share.stop.abort()
  }

  async #fetch(waitMs: number, signal: AbortSignal): Promise<readonly BinaryRecord[]> {
    const query = `offset=${this.#offset}&max_bytes=${FETCH_BYTES}&timeout=${waitMs}`
    const url = path`/topics/${this.#topic}/partitions/${this.#partition}/records`
    const headers = { accept: "application/vnd.kafka.binary.v2+json" }
    let retryMs = RETRY_MS
    for (;;) {
      const response = await this.#server.send(`${url}?${query}`, { headers, signal }).catch(error => {
        if (waitMs === 0 || signal.aborted) throw error
      })
      if (response?.ok) {
        const records = (await response.json()) as readonly BinaryRecord[]
        this.#offset = Number(response.headers.get("millrace-next-offset") ?? this.#offset)
        return records
      }
      if (response !== undefined && (waitMs === 0 || response.status < 500)) {
        throw new Failure(exitCodes.failed, (await refusal(response)).message)
      }
      await pause(retryMs)
      retryMs = Math.min(RETRY_MS_MAX, 2 * retryMs)
    }
  }

  async #print(records: readonly BinaryRecord[], end: number, share: Share): Promise<void> {
    const line = this.#options.json ? recordLine : valueLine
    const wanted = records.filter(record => record.offset < end).slice(0, share.left)
    share.left -= wanted.length
    if (wanted.length > 0) await print(Buffer.concat(wanted.map(line)))
  }
}

interface Place {
  readonly server: Server
  readonly topic: string
  readonly partition: number
  readonly bounds: Offsets
}

async function startOffset(options: Options, { server, topic, partition, bounds }: Place): Promise<number> {
  const { offset, fromBeginning, fromTime, follow } = options
  if (offset !== undefined) return offset
  if (fromTime !== undefined) {
    const url = path`/topics/${topic}/partitions/${partition}/records`
    const headers = { accept: "application/vnd.kafka.binary.v2+json" }
    const query = `timestamp=${fromTime}&max_bytes=1&timeout=0`
    const [first] = await server.json<readonly BinaryRecord[]>(`${url}?${query}`, { headers })
    return first?.offset ?? bounds.end_offset
  }
  return follow && !fromBeginning ? bounds.end_offset : bounds.beginning_offset
}

/** Throws `Failure` (usage) for options that do not go together. */
function checkOptions({ offset, partition, fromBeginning, fromTime, group }: Options): void {
  const refuse = (message: string) => new Failure(exitCodes.usage, message)
  if (offset !== undefined && partition === undefined) {
    throw refuse("--offset: needs --partition, for each partition counts its own")
  }
  if ([offset, fromBeginning, fromTime].filter(start => start !== undefined).length > 1) {
    throw refuse("--offset, --from-beginning, --from-time: expected one of them")
  }
  if (group !== undefined && partition !== undefined) {
    throw refuse("--partition: is not for --group, which shares out partitions itself")
  }
}

/** As a member of a group: its offsets come before what the options say. */
async function runAsGroup(topic: string, group: string, options: Options, ends: readonly number[]) {
  const { fromBeginning, fromTime, follow = false, max = Number.POSITIVE_INFINITY, json } = options
  // The client's modules take a while to load; reading without a group needs none of them.
  const { readAsGroup } = await import("../group-reader.ts")
  const latest = follow && fromBeginning !== true
  await readAsGroup({
    ...options,
    topic,
    group,
    from: fromTime === undefined ? (latest ? "latest" : "earliest") : { timestamp: fromTime },
    max,
    ends: follow ? undefined : ends,
    line: json ? recordLine : valueLine,
  })
}

async function run(topic: string, options: Options): Promise<void> {
  checkOptions(options)
  const server = new Server(options)
  const { partitions } = await server.json<{ partitions: readonly { partition: number }[] }>(
    path`/topics/${topic}`,
  )
  const chosen =
    options.partition === undefined ? partitions.map(({ partition }) => partition) : [options.partition]
  const share: Share = { left: options.max ?? Number.POSITIVE_INFINITY, stop: new AbortController() }
  const places: Place[] = []
  for (const partition of chosen) {
    const bounds = await server.json<Offsets>(path`/topics/${topic}/partitions/${partition}/offsets`)
    places.push({ server, topic, partition, bounds })
  }
  if (options.group !== undefined) {
    const ends = places.map(({ bounds }) => bounds.end_offset)
    return await runAsGroup(topic, options.group, options, ends)
  }
  const readers: { reader: PartitionReader; end: number }[] = []
  for (const place of places) {
    const { partition, bounds } = place
    const reader = new PartitionReader(server, topic, partition, await startOffset(options, place), options)
    readers.push({ reader, end: options.follow ? Number.POSITIVE_INFINITY : bounds.end_offset })
  }
  try {
    if (options.follow) await Promise.all(readers.map(({ reader, end }) => reader.read(end, share)))
    else for (const { reader, end } of readers) await reader.read(end, share)
  } catch (error) {
    if (!share.stop.signal.aborted) throw error
  }
}

function time(text: string): number {
  const at = /^\d+$/.test(text) ? Number(text) : Date.parse(text)
  if (Number.isSafeInteger(at) && at >= 0) return at
  throw new InvalidArgumentError("Expected epoch milliseconds, or a time such as 2026-01-31T12:00:00Z.")
}

const offsetMax = Number.MAX_SAFE_INTEGER

export const consumeCommand = () =>
  reaching(new Command("consume"))
    .description("Print a topic's records, a value a line, from the beginning up to the end.")
    .argument("<topic>")
    .option("--partition <n>", "only this partition", integer(0, 2 ** 31 - 1))
    .option("--offset <n>", "from this offset of --partition", integer(0, offsetMax))
    .option("--from-beginning", "with --follow: first all that there is")
    .option(
      "--from-time <time>",
      "from the first record at or after it: epoch ms, or such as 2026-01-31T12:00:00Z",
      time,
    )
    .option("--group <name>", "as a member of this consumer group: goes on where the group is, and commits")
    .option("--max <n>", "at most so many records", integer(1, offsetMax))
    .option("--follow", "stay and print what comes")
    .option("--json", "print whole records as JSON: topic, key, value, partition, offset, timestamp, headers")
    .action(run)
