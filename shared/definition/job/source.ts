import { type Duration, durationMs } from "../duration.ts"
import type { Topic } from "../topic.ts"
import { node, type StartingOffsets, type UserFunction } from "./graph.ts"
import { Stream } from "./stream.ts"
import { monotonicTimestamps, type WatermarkStrategy } from "./watermarks.ts"

export interface SourceOptions<T> {
  readonly uid?: string
  /** Where to begin when the job has no position yet. Default `committed`: its own item, else the earliest record. */
  readonly startingOffsets?: StartingOffsets
  /** End where the topics end when the job starts. Default false. */
  readonly bounded?: boolean
  /** The event's time, epoch ms. Default: the topic's `eventTime` field, else the record's own timestamp. */
  readonly timestamp?: (record: T) => number
  /** Default `monotonicTimestamps()`. Made for each partition apart; the lowest of them counts. */
  readonly watermark?: WatermarkStrategy
  /** A partition without records for this long does not hold the watermark back. Default: it always does. */
  readonly idleAfter?: Duration
}

export interface FileOptions<T> {
  readonly uid?: string
  readonly timestamp?: (record: T) => number
  readonly watermark?: WatermarkStrategy
}

/** The records of a topic, of several, or of every topic whose name matches a pattern. */
export function from<T>(topic: Topic<T> | readonly Topic<T>[], options?: SourceOptions<T>): Stream<T>
export function from<T = unknown>(pattern: RegExp, options?: SourceOptions<T>): Stream<T>
export function from<T>(
  given: Topic<T> | readonly Topic<T>[] | RegExp,
  options: SourceOptions<T> = {},
): Stream<T> {
  const {
    startingOffsets = "committed",
    bounded = false,
    timestamp,
    watermark = monotonicTimestamps(),
  } = options
  const topics = given instanceof RegExp ? [] : Array.isArray(given) ? given : [given as Topic<T>]
  return new Stream(
    node(
      {
        kind: "source",
        topics: Object.freeze([...topics]) as readonly Topic[],
        startingOffsets,
        bounded,
        watermark,
        ...(given instanceof RegExp ? { pattern: given } : {}),
        ...(timestamp === undefined ? {} : { timestamp: timestamp as UserFunction }),
        ...(options.idleAfter === undefined
          ? {}
          : { idleAfterMs: durationMs(options.idleAfter) ?? Number.NaN }),
      },
      [],
      options.uid === undefined ? {} : { uid: options.uid },
    ),
  )
}

function files<T>(format: "ndjson" | "csv" | "parquet", path: string, options: FileOptions<T>): Stream<T> {
  const { timestamp, watermark = monotonicTimestamps(), uid } = options
  const more = timestamp === undefined ? {} : { timestamp: timestamp as UserFunction }
  return new Stream(
    node({ kind: "files", path, format, watermark, ...more }, [], uid === undefined ? {} : { uid }),
  )
}

/** The lines of an NDJSON file, a bounded source. The path is relative to the working folder. */
export function fromNdjson<T>(path: string, options: FileOptions<T> = {}): Stream<T> {
  return files("ndjson", path, options)
}

/** The rows of a CSV file with a header line, as objects of text, a bounded source. */
export function fromCsv<T = Record<string, string>>(path: string, options: FileOptions<T> = {}): Stream<T> {
  return files("csv", path, options)
}

/** The rows of a Parquet file, a bounded source. */
export function fromParquet<T>(path: string, options: FileOptions<T> = {}): Stream<T> {
  return files("parquet", path, options)
}
