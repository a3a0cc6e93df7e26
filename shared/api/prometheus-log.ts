import type { GroupLag } from "../log/groups/types.ts"
import type { FlushFigures, PartitionOffsets, TrafficFigures } from "../log/types.ts"
import { labels, type Sample, sampleLines } from "./prometheus.ts"

/** One partition, as it is shown. */
export interface PartitionMetrics {
  readonly topic: string
  readonly partition: number
  readonly offsets: PartitionOffsets
  /** Undefined: nothing went through this process. */
  readonly traffic: TrafficFigures | undefined
}

export interface LogMetrics {
  readonly partitions: readonly PartitionMetrics[]
  /** Partitions that were left out, since there are too many. */
  readonly omitted: number
  readonly lags: readonly (GroupLag & { readonly group: string })[]
  /** Undefined: the caller may not know of all topics. */
  readonly flushes: FlushFigures | undefined
}

const ofPartition: readonly {
  readonly name: string
  readonly type: "counter" | "gauge"
  readonly help: string
  readonly of: (partition: PartitionMetrics) => number | undefined
}[] = [
  {
    name: "start_offset",
    type: "gauge",
    help: "The first offset that can be read.",
    of: at => at.offsets.beginningOffset,
  },
  {
    name: "end_offset",
    type: "gauge",
    help: "The offset after the last record.",
    of: at => at.offsets.endOffset,
  },
  {
    name: "last_stable_offset",
    type: "gauge",
    help: "Where read_committed ends.",
    of: at => at.offsets.lastStableOffset,
  },
  {
    name: "records_in_total",
    type: "counter",
    help: "Records that this process appended.",
    of: at => at.traffic?.records,
  },
  {
    name: "bytes_in_total",
    type: "counter",
    help: "Bytes of batches that it appended, as stored.",
    of: at => at.traffic?.bytes,
  },
  {
    name: "batches_in_total",
    type: "counter",
    help: "Batches that it appended.",
    of: at => at.traffic?.batches,
  },
  { name: "slots_total", type: "counter", help: "Commit slots that it wrote.", of: at => at.traffic?.slots },
  {
    name: "bytes_out_total",
    type: "counter",
    help: "Bytes of batches that it gave to readers, as stored.",
    of: at => at.traffic?.bytesRead,
  },
  {
    name: "repeats_total",
    type: "counter",
    help: "Producers' requests that were answered with offsets that stood before.",
    of: at => at.traffic?.repeats,
  },
]

/** The log's figures, as Prometheus reads them. */
export function logMetricsText({ partitions, omitted, lags, flushes }: LogMetrics): string {
  const lines = ofPartition.flatMap(({ name, type, help, of }) =>
    sampleLines(
      `millrace_log_${name}`,
      type,
      help,
      partitions.map(at => [{ topic: at.topic, partition: at.partition }, of(at)]),
    ),
  )
  const refused = partitions.flatMap(({ topic, partition, traffic }) =>
    Object.entries(traffic?.refused ?? {}).map(
      ([reason, count]): Sample => [{ topic, partition, reason }, count],
    ),
  )
  lines.push(
    ...sampleLines(
      "millrace_log_refused_total",
      "counter",
      "Producers' requests that were refused for their epoch or sequence.",
      refused,
    ),
    ...sampleLines(
      "millrace_log_partitions_omitted",
      "gauge",
      "Partitions that are not shown: there are too many.",
      [[{}, omitted]],
    ),
    ...sampleLines(
      "millrace_group_lag_records",
      "gauge",
      "Records between what the group committed and the end.",
      lags.map(({ group, topic, partition, lag }) => [{ group, topic, partition }, lag]),
    ),
    ...(flushes === undefined ? [] : flushLines(flushes)),
  )
  return lines.map(line => `${line}\n`).join("")
}

function flushLines({ boundsMs, counts, slots, sumMs }: FlushFigures): string[] {
  const name = "millrace_log_flush_seconds"
  const lines = [`# HELP ${name} How long flushes took, of all topics.`, `# TYPE ${name} histogram`]
  let below = 0
  for (const [at, count] of counts.entries()) {
    below += count
    const bound = boundsMs[at]
    lines.push(`${name}_bucket${labels({ le: bound === undefined ? "+Inf" : `${bound / 1_000}` })} ${below}`)
  }
  lines.push(`${name}_sum ${sumMs / 1_000}`, `${name}_count ${below}`)
  lines.push(
    ...sampleLines(
      "millrace_log_flush_slots_total",
      "counter",
      "Slots of all flushes: by the count of flushes, slots a flush.",
      [[{}, slots]],
    ),
  )
  return lines
}
