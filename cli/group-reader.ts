import { ClientError, Consumer, type ConsumerRecord, type Place } from "../client/index.ts"
import { exitCodes, Failure } from "./failure.ts"
import type { ServerOptions } from "./options.ts"
import { print } from "./output.ts"
import type { BinaryRecord } from "./record-line.ts"

export interface GroupReadOptions extends ServerOptions {
  readonly topic: string
  readonly group: string
  /** Where partitions begin that the group has committed nothing of. */
  readonly from: Place
  /** Records to print; infinite: all. */
  readonly max: number
  /** Offsets, by partition, that end the reading; undefined: none does. */
  readonly ends: readonly number[] | undefined
  readonly line: (record: BinaryRecord) => Buffer
}

/** Between looks whether the reading has ended. */
const POLL_MS = 250
/** What was printed is committed this long after it at most, and when the reading ends. */
const COMMIT_MS = 1_000
/** Who has been given no partition for so long will be given none: the group has as many members as partitions. */
const UNASSIGNED_MS = 30_000

const base64 = (bytes: Uint8Array | null) => (bytes === null ? null : Buffer.from(bytes).toString("base64"))

function binaryRecord(record: ConsumerRecord): BinaryRecord {
  const { topic, partition, offset, timestamp, key, value, headers } = record
  const shown = headers.map(([name, bytes]) => ({ name, value: base64(bytes) }))
  return { topic, key: base64(key), value: base64(value), partition, offset, timestamp, headers: shown }
}

/** Prints records as a member of a group, and commits what it printed. */
class GroupReader {
  readonly #consumer: Consumer
  readonly #options: GroupReadOptions
  /** Next offsets of what was printed, by partition. */
  readonly #printed = new Map<number, number>()
  #committedAt = performance.now()
  #left: number
  #stopped = false

  constructor(options: GroupReadOptions) {
    const { url, apiKey, group, from } = options
    this.#options = options
    this.#left = options.max
    this.#consumer = new Consumer({
      url,
      ...(apiKey === undefined ? {} : { token: apiKey }),
      group,
      autoOffsetReset: from,
      autoCommit: false,
      waitMs: POLL_MS,
    })
  }

  stop(): void {
    this.#stopped = true
  }

  async run(): Promise<void> {
    this.#consumer.subscribe({ topics: [this.#options.topic] })
    const began = performance.now()
    let wasAssigned = false
    while (!this.#stopped && this.#left > 0 && !this.#hasEnded()) {
      const batch = await this.#consumer.poll(POLL_MS)
      if (batch !== undefined) await this.#print(batch.partition, batch.records())
      if (performance.now() - this.#committedAt >= COMMIT_MS) await this.commit()
      wasAssigned ||= this.#consumer.assignment().length > 0
      if (!wasAssigned && this.#options.ends !== undefined && performance.now() - began > UNASSIGNED_MS) {
        const message = `The group ${this.#options.group} has given no partition of ${this.#options.topic}: its other members read all of them.`
        throw new Failure(exitCodes.failed, message)
      }
    }
  }

  async commit(): Promise<void> {
    this.#committedAt = performance.now()
    if (this.#printed.size === 0) return
    const { topic } = this.#options
    const offsets = [...this.#printed].map(([partition, offset]) => ({ topic, partition, offset }))
    this.#printed.clear()
    try {
      await this.#consumer.commit(offsets)
    } catch (error) {
      // What is another member's by now that one prints again.
      const isLost = error instanceof ClientError && /^(?:fenced|unknown)_member$/.test(error.code)
      if (!isLost) throw error
    }
  }

  close(): Promise<void> {
    return this.#consumer.close()
  }

  /** Whether all that there was at the start, of the partitions that are this member's, is printed. */
  #hasEnded(): boolean {
    const { ends } = this.#options
    const assignment = this.#consumer.assignment()
    if (ends === undefined || assignment.length === 0) return false
    return assignment.every(at => (this.#consumer.position(at) ?? -1) >= (ends[at.partition] ?? 0))
  }

  async #print(partition: number, records: readonly ConsumerRecord[]): Promise<void> {
    const end = this.#options.ends?.[partition] ?? Number.POSITIVE_INFINITY
    const wanted = records.filter(({ offset }) => offset < end).slice(0, this.#left)
    const last = wanted.at(-1)
    if (last === undefined) return
    this.#left -= wanted.length
    await print(Buffer.concat(wanted.map(record => this.#options.line(binaryRecord(record)))))
    this.#printed.set(partition, last.offset + 1)
  }
}

/** Reads as a member of a group until the ends, or until it is interrupted. Throws `Failure`. */
export async function readAsGroup(options: GroupReadOptions): Promise<void> {
  const reader = new GroupReader(options)
  const stop = () => reader.stop()
  process.once("SIGINT", stop)
  process.once("SIGTERM", stop)
  try {
    await reader.run()
    await reader.commit()
  } catch (error) {
    if (!(error instanceof ClientError)) throw error
    const code = error.code === "unreachable" ? exitCodes.unreachable : exitCodes.failed
    throw new Failure(code, error.message, { cause: error })
  } finally {
    process.off("SIGINT", stop)
    process.off("SIGTERM", stop)
    await reader.close()
  }
}
