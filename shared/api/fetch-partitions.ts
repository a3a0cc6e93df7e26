import type { Fetched, FetchRequest, Log } from "../log/types.ts"

/** One partition of a fetch. */
export interface PartitionFetch {
  readonly topicId: string
  readonly partition: number
  readonly offset: number
  readonly bytesMax: number
}

/** What one partition gave: batches, or why there are none; undefined: the others' batches left no room. */
export type PartitionFetched = Fetched | { readonly error: unknown } | undefined

export interface FetchBounds {
  /** Of all partitions together; the first that has records gives a batch whatever its size. */
  readonly bytesMax: number
  /** How long to wait while no partition has records, ms. */
  readonly waitMs: number
  readonly isolation?: FetchRequest["isolation"]
  readonly signal?: AbortSignal
  /** Why each of the partitions may not be read, undefined where it may. Asked before a wait, and after the last read. */
  readonly refusals?: () => Promise<readonly unknown[]>
}

/** Partitions read at once: on AWS each is a round trip, and each may hold its share of the reply in memory. */
const AT_ONCE = 16

/**
 * Fetches from many partitions. None is starved by others that always have records: who is first is chosen by the offsets
 * asked for, which change as they are read. Waits only while none has records; a partition's failure is its own.
 */
export async function fetchPartitions(
  log: Log,
  wanted: readonly PartitionFetch[],
  bounds: FetchBounds,
): Promise<PartitionFetched[]> {
  const found = await fetchStanding(log, wanted, bounds)
  const allowed = await refused(found, bounds)
  const isOver = bounds.waitMs <= 0 || wanted.length === 0
  if (isOver || allowed.some((each, at) => isNews(each, wanted[at]))) return allowed
  return refused(await whenNews(log, wanted, bounds), bounds)
}

/** What was found, without what may not be read: asked after it was read, so that it was right until then. */
async function refused(found: PartitionFetched[], { refusals }: FetchBounds): Promise<PartitionFetched[]> {
  if (refusals === undefined || found.length === 0) return found
  const errors = await refusals()
  return found.map((each, at) => (errors[at] === undefined ? each : { error: errors[at] }))
}

/** Whether something came of a partition: records, offsets passed over, or a failure. */
function isNews(fetched: PartitionFetched, { offset }: PartitionFetch): boolean {
  if (fetched === undefined) return false
  return "error" in fetched || fetched.nextOffset > offset
}

/** What stands, in waves: what earlier ones left is shared by those to come. */
async function fetchStanding(
  log: Log,
  wanted: readonly PartitionFetch[],
  { bytesMax, isolation }: FetchBounds,
): Promise<PartitionFetched[]> {
  const found: PartitionFetched[] = new Array(wanted.length).fill(undefined)
  const first = firstOf(wanted)
  let left = bytesMax
  for (let at = 0; at < wanted.length && left > 0; at += AT_ONCE) {
    const wave = Array.from({ length: Math.min(AT_ONCE, wanted.length - at) }, (_, n) => at + n)
    const share = Math.max(1, Math.floor(left / (wanted.length - at)))
    const fetched = await Promise.all(
      wave.map(index => {
        const { topicId, partition, offset, bytesMax: own } = wanted[(first + index) % wanted.length]
        return log
          .fetch(topicId, partition, { offset, maxBytes: Math.min(own, share), isolation })
          .catch((error: unknown) => ({ error }))
      }),
    )
    for (const [n, each] of fetched.entries()) {
      const bytes = bytesOf(each)
      if (!fits(bytes, left, bytesMax)) continue
      left -= bytes
      found[(first + wave[n]) % wanted.length] = each
    }
  }
  return found
}

/** A batch that is larger than what is left waits for the next fetch, unless it is the first. */
const fits = (bytes: number, left: number, bytesMax: number) => bytes <= left || left === bytesMax

function bytesOf(fetched: Fetched | { readonly error: unknown }): number {
  return "error" in fetched ? 0 : fetched.batches.reduce((sum, { bytes }) => sum + bytes.length, 0)
}

/** Knuth's multiplicative hash spreads offsets that grow by even steps. */
const SPREAD = 2_654_435_761

function firstOf(wanted: readonly PartitionFetch[]): number {
  let hash = 0
  for (const { offset } of wanted) hash = Math.imul(hash ^ (offset % 2 ** 32), SPREAD)
  return wanted.length === 0 ? 0 : (hash >>> 8) % wanted.length
}

/** What stands once any of the partitions has news, the wait is over, or the signal aborts. */
async function whenNews(
  log: Log,
  wanted: readonly PartitionFetch[],
  bounds: FetchBounds,
): Promise<PartitionFetched[]> {
  const { bytesMax, waitMs, isolation, signal } = bounds
  const stop = new AbortController()
  const abort = () => stop.abort()
  if (signal?.aborted === true) abort()
  signal?.addEventListener("abort", abort, { once: true })
  const share = Math.max(1, Math.floor(bytesMax / wanted.length))
  const fetched = await Promise.all(
    wanted.map(async each => {
      const { topicId, partition, offset, bytesMax: own } = each
      const request = { offset, maxBytes: Math.min(own, share), waitMs, isolation, signal: stop.signal }
      const news = await log.fetch(topicId, partition, request).catch((error: unknown) => ({ error }))
      // The first that has news ends the others' waiting; who waited to the end in vain is no reason to.
      if (isNews(news, each)) abort()
      return news
    }),
  )
  signal?.removeEventListener("abort", abort)
  let left = bytesMax
  const first = firstOf(wanted)
  const found: PartitionFetched[] = new Array(wanted.length).fill(undefined)
  for (let n = 0; n < wanted.length; n++) {
    const index = (first + n) % wanted.length
    const bytes = bytesOf(fetched[index])
    if (!fits(bytes, left, bytesMax)) continue
    left -= bytes
    found[index] = fetched[index]
  }
  return found
}
