import { LogError } from "../shared/log/errors.ts"
import type { ndjsonRecords } from "../shared/log/records/index.ts"
import { exitCodes, Failure } from "./failure.ts"
import type { Line } from "./line-source.ts"

/** Lines are sent together up to here: enough to make a request cheap, a quarter of what the server takes. */
export const BATCH_BYTES = 1024 * 1024
/** And up to so many lines: what short lines take around them keeps well below the largest stored batch. */
export const BATCH_LINES = 50_000

/** Records of one partition that are sent, and sent again, as one request. */
export interface Batch {
  readonly partition: number
  readonly lines: readonly Line[]
}

/** Where a line stands in the input, for messages. */
export const place = ({ file, number }: Line) => `${file}:${number}`

const newline = Buffer.from("\n")

/** The lines as an NDJSON body. */
export function ndjson(lines: readonly Line[]): Buffer<ArrayBuffer> {
  return Buffer.concat(lines.flatMap(({ bytes }) => [bytes, newline]))
}

/** An error about `line n` of a body, as one about the input's own line. */
export function lineFailure(message: string, detailLine: unknown, lines: readonly Line[]): Failure {
  const line = typeof detailLine === "number" ? lines[detailLine - 1] : undefined
  const text = line === undefined ? message : message.replace(/^line \d+/, place(line))
  return new Failure(exitCodes.failed, text)
}

/** What finds the records' keys and partitions. The codec takes long to load, and keyless lines need none of it. */
export interface KeyedBy {
  readonly field: string
  readonly parse: typeof ndjsonRecords
}

/** Gathers lines to batches. */
export class Batcher {
  readonly #partitions: number
  readonly #keyedBy: KeyedBy | undefined
  #lines: Line[] = []
  #bytes = 0
  #next: number

  /** @param first the partition of the first keyless batch; the next ones take the next partitions */
  constructor(partitions: number, keyedBy: KeyedBy | undefined, first: number) {
    this.#partitions = partitions
    this.#keyedBy = keyedBy
    this.#next = first
  }

  /** Adds a line; true when there is enough for `take`. */
  add(line: Line): boolean {
    this.#lines.push(line)
    this.#bytes += line.bytes.length + 1
    return this.#bytes >= BATCH_BYTES || this.#lines.length >= BATCH_LINES
  }

  /** What was gathered: one batch for keyless lines, one a partition for keyed ones. */
  take(): Batch[] {
    const lines = this.#lines
    this.#lines = []
    this.#bytes = 0
    if (lines.length === 0) return []
    if (this.#keyedBy !== undefined) return this.#byKey(lines, this.#keyedBy)
    const partition = this.#next
    this.#next = (partition + 1) % this.#partitions
    return [{ partition, lines }]
  }

  #byKey(lines: readonly Line[], { field, parse }: KeyedBy): Batch[] {
    try {
      const { groups, groupOf } = parse(ndjson(lines), { partitions: this.#partitions, keyField: field })
      const batches = groups.map(({ partition }) => ({ partition: Number(partition), lines: [] as Line[] }))
      for (const [i, line] of lines.entries()) batches[groupOf?.[i] ?? 0]!.lines.push(line)
      return batches
    } catch (error) {
      if (error instanceof LogError) throw lineFailure(error.message, error.detail.line, lines)
      throw error
    }
  }
}
