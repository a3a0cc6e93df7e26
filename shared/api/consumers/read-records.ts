import { LogError } from "../../log/errors.ts"
import type { Log } from "../../log/types.ts"
import type { Clock } from "../../storage/time.ts"
import type { Access } from "../auth/access.ts"
import { ApiError } from "../errors.ts"
import { fetchPartitions, type PartitionFetched } from "../fetch-partitions.ts"
import type { Meter } from "../quotas.ts"
import { binaryFormat, jsonFormat, recordsText } from "../records-text.ts"
import type { Instance, Position } from "./instance.ts"
import { MORE_PAUSE_MS } from "./limits.ts"
import { autoCommit, beat, stampOf } from "./membership.ts"
import { resetOffset, resolvePositions } from "./positions.ts"

export interface ReadOptions {
  /** Own clock (`elapsed`), ms, after which it is answered with what there is. */
  readonly giveUpAt: number
  readonly bytesMax: number
  readonly access: Access
  readonly meter: Meter | undefined
  readonly signal: AbortSignal
}

/** Records as JSON, the instance as it is after them. */
export interface Read {
  readonly text: string
  readonly instance: Instance
  /** Why the next record cannot be shown; there are none before it then. The instance stays in its group all the same. */
  readonly failure?: ApiError
}

interface Ports {
  readonly log: Log
  readonly clock: Clock
}

/**
 * Reads what is next of all partitions of an instance: joins its group or stays in it, commits what earlier reads gave, and
 * waits while there is nothing.
 * @param date the store's, at the beginning, epoch ms
 * @throws ApiError `forbidden`, `quota_exceeded`; LogError
 */
export async function readRecords(
  { log, clock }: Ports,
  before: Instance,
  date: number,
  options: ReadOptions,
): Promise<Read> {
  const began = clock.elapsed()
  const now = () => date + (clock.elapsed() - began)
  let instance = await autoCommit(log.groups, before, date)
  for (;;) {
    instance = await resolvePositions(log, await beat(log.groups, instance, now()))
    const { topics } = await allow(log, instance, options)
    const leftMs = Math.max(0, options.giveUpAt - clock.elapsed())
    const isMember = instance.epoch !== 0
    const waitMs = isMember ? Math.min(leftMs, Math.max(1, instance.beatAt - now())) : leftMs
    const { group, positions } = instance
    const stamp = stampOf(instance)
    const found = await fetchPartitions(log, positions.map(fetchOf(options.bytesMax)), {
      bytesMax: options.bytesMax,
      waitMs: positions.length === 0 ? 0 : waitMs,
      signal: options.signal,
      ...(stamp !== undefined && { refusals: () => log.groups.checkFetch(group, stamp, positions) }),
    })
    const reset = await resetLost(log, instance, found)
    if (reset !== undefined) {
      instance = reset
      continue
    }
    const read = shown(instance, found, options.bytesMax)
    if (read.failure !== undefined) return read
    const isOver = leftMs === 0 || options.signal.aborted
    if (isOver || (read.bytes > 0 && read.bytes >= Math.min(instance.minBytes, options.bytesMax))) {
      for (const [topicId, bytes] of read.topicBytes)
        if (topics.has(topicId)) options.meter?.bytes(topicId, bytes)
      return { text: read.text, instance: read.instance }
    }
    // Nothing yet, or not enough: offsets that hold no record are passed over for good.
    if (read.bytes === 0) instance = read.instance
    if (read.bytes > 0) await clock.sleep(Math.min(leftMs, MORE_PAUSE_MS), options.signal)
    else if (instance.positions.length === 0) await clock.sleep(waitMs, options.signal)
  }
}

const fetchOf =
  (bytesMax: number) =>
  ({ topicId, partition, offset = 0 }: Position) => ({ topicId, partition, offset, bytesMax })

/** Throws ApiError `forbidden`, `quota_exceeded`: a subscription may have come to topics that the caller may not read. */
async function allow(
  log: Log,
  { positions }: Instance,
  { access, meter }: ReadOptions,
): Promise<{ readonly topics: ReadonlySet<string> }> {
  const topics = new Map(positions.map(({ topicId, topic }) => [topicId, topic]))
  for (const [topicId, name] of topics) {
    access.demand({ kind: "topic", name, action: "read" })
    if (meter !== undefined) meter.topic(await log.topicById(topicId))
  }
  return { topics: new Set(topics.keys()) }
}

/**
 * The instance with new offsets where retention has overtaken it, and without what is another member's by now; undefined:
 * as it was. Throws what a fetch failed with.
 */
async function resetLost(
  log: Log,
  instance: Instance,
  found: readonly PartitionFetched[],
): Promise<Instance | undefined> {
  const isFenced = (each: PartitionFetched) => errorCode(each) === "fenced_member"
  const isGone = (each: PartitionFetched) => errorCode(each) === "topic_deleted" || isFenced(each)
  const isLost = (each: PartitionFetched) => errorCode(each) === "offset_out_of_range"
  for (const each of found) {
    if (each !== undefined && "error" in each && !isLost(each) && !isGone(each)) throw each.error
  }
  if (!found.some(each => isLost(each) || isGone(each))) return undefined
  const positions: Position[] = []
  for (const [index, at] of instance.positions.entries()) {
    if (isGone(found[index])) continue
    const offset = isLost(found[index]) ? await resetOffset(log, at, instance.reset) : at.offset
    positions.push({ ...at, offset })
  }
  // The group is asked at once what is the member's instead.
  return { ...instance, positions, ...(found.some(isFenced) && { beatAt: 0 }) }
}

function errorCode(fetched: PartitionFetched): string | undefined {
  if (fetched === undefined || !("error" in fetched)) return undefined
  return fetched.error instanceof LogError ? fetched.error.code : undefined
}

interface Shown extends Read {
  readonly bytes: number
  readonly topicBytes: ReadonlyMap<string, number>
}

/** The records of all partitions as one array. */
function shown(instance: Instance, found: readonly PartitionFetched[], bytesMax: number): Shown {
  const format = instance.format === "json" ? jsonFormat : binaryFormat
  const texts: string[] = []
  const topicBytes = new Map<string, number>()
  let bytes = 0
  let failure: ApiError | undefined
  const positions = instance.positions.map((at, index) => {
    const fetched = found[index]
    if (fetched === undefined || "error" in fetched || bytes >= bytesMax) return at
    if (fetched.batches.length === 0) return { ...at, offset: fetched.nextOffset }
    const { topic, partition, offset = 0 } = at
    try {
      const request = { topic, partition, offset, format, bytesMax: bytesMax - bytes }
      const { text, nextOffset } = recordsText(fetched.batches, request)
      const records = text.slice(1, -1)
      if (records !== "") texts.push(records)
      const size = Buffer.byteLength(records)
      bytes += size
      topicBytes.set(at.topicId, (topicBytes.get(at.topicId) ?? 0) + size)
      return nextOffset === offset ? at : { ...at, offset: nextOffset, isAhead: true }
    } catch (error) {
      if (!(error instanceof ApiError)) throw error
      failure ??= error
      return at
    }
  })
  const read = { text: `[${texts.join(",")}]`, bytes, topicBytes, instance: { ...instance, positions } }
  // What others gave is answered first; the next request is told.
  return bytes === 0 && failure !== undefined ? { ...read, failure } : read
}
