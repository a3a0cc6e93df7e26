import type { Connection } from "../connection.ts"
import { ClientError, clientError } from "../errors.ts"
import { type FetchedBatch, fetchedBatch } from "../records/fetched-batch.ts"
import type { Place } from "../types.ts"
import { type FetchOptions, fetchOnce, type PartitionReply } from "./fetch-request.ts"
import { offsetAt } from "./offsets.ts"
import type { ConsumerSettings } from "./options.ts"
import type { PartitionState } from "./partition-state.ts"

/** A fetch that waits for records is given up for a partition that is to be fetched too, after this long, ms. */
const REGROUP_MS = 10
/** A reply has at least so much room, bytes: for one small batch of a few partitions. */
const REPLY_BYTES_MIN = 64 * 1024
/** A partition that cannot be read is asked for again after this long, ms. */
const PARTITION_PAUSE_MS = 500
/** Who gets so much of a partition at once is behind, and will ask for more. */
const CATCH_UP_BYTES_MIN = 128 * 1024
/** Partitions of one fetch that a server takes. */
const PARTITIONS_MAX = 1_000

/** What the fetcher asks of its consumer. */
export interface FetcherHost {
  readonly settings: ConsumerSettings
  /** All partitions that are read. */
  states(): Iterable<PartitionState>
  /** What of a partition is being read just now. */
  inHand(state: PartitionState): FetchedBatch | undefined
  stamp(): FetchOptions["group"]
  /** There is something to hand out, or a failure to tell. */
  arrived(): void
  failed(error: ClientError): void
  /** The group says that a partition is another's. */
  fenced(): void
}

/** Fetches ahead, from all partitions together: one request at a time. */
export class Fetcher {
  readonly #connection: Connection
  readonly #host: FetcherHost
  readonly #closing = new AbortController()
  #wake: (() => void) | undefined
  /** Since the last look. */
  #changed = false
  /** `waits`: as far as is known, none of the partitions has records yet. */
  #underWay:
    | {
        readonly states: ReadonlySet<PartitionState>
        readonly stop: AbortController
        readonly waits: boolean
      }
    | undefined
  #attempts = 0

  constructor(connection: Connection, host: FetcherHost) {
    this.#connection = connection
    this.#host = host
  }

  async run(): Promise<void> {
    while (!this.#closing.signal.aborted) {
      this.#changed = false
      await this.#look()
      if (this.#closing.signal.aborted) return
      const wanted = this.#wanted()
      if (wanted.length === 0) await this.#rest()
      else await this.#fetch(wanted)
    }
  }

  /** Something changed: partitions, positions, room. */
  poke(): void {
    this.#changed = true
    this.#wake?.()
    const current = this.#underWay
    if (current === undefined) return
    if ([...current.states].some(state => state.gone)) {
      current.stop.abort()
      return
    }
    if (!current.waits || this.#wanted().every(state => current.states.has(state))) return
    setTimeout(() => {
      // Still waiting: the others should not wait for its end.
      if (this.#underWay === current) current.stop.abort()
    }, REGROUP_MS)
  }

  close(): void {
    this.#closing.abort()
    this.#wake?.()
    this.#underWay?.stop.abort()
  }

  /** The partitions that have too little ahead. */
  #wanted(): PartitionState[] {
    const now = performance.now()
    const all = [...this.#host.states()]
    const { prefetchBytes } = this.#host.settings
    const total = bufferedBytes(all)
    const share = prefetchBytes / Math.max(1, all.length)
    if (total >= prefetchBytes) return []
    return all
      .filter(
        state =>
          !state.paused &&
          !state.held &&
          state.fetchOffset !== undefined &&
          state.notBefore <= now &&
          (state.buffered.length === 0 || state.bufferedBytes < share),
      )
      .slice(0, PARTITIONS_MAX)
  }

  #rest(): Promise<void> {
    const now = performance.now()
    let ms = Number.POSITIVE_INFINITY
    for (const { notBefore } of this.#host.states()) if (notBefore > now) ms = Math.min(ms, notBefore - now)
    return new Promise(resolve => {
      const timer = ms === Number.POSITIVE_INFINITY ? undefined : setTimeout(() => done(), ms + 1)
      const done = () => {
        clearTimeout(timer)
        this.#wake = undefined
        resolve()
      }
      this.#wake = done
      if (this.#changed || this.#closing.signal.aborted) done()
    })
  }

  /** Looks up where partitions begin. */
  async #look(): Promise<void> {
    const now = performance.now()
    const unknown = [...this.#host.states()].filter(
      state => state.fetchOffset === undefined && !state.held && state.notBefore <= now,
    )
    await Promise.all(
      unknown.map(async state => {
        const { version } = state
        try {
          const offset = await this.#beginning(state)
          if (state.version === version) state.seek(offset)
        } catch (error) {
          if (state.version === version) this.#trouble(state, clientError(error))
        }
      }),
    )
  }

  async #beginning(state: PartitionState): Promise<number | "earliest"> {
    const { autoOffsetReset } = this.#host.settings
    // What a group has committed comes with the assignment: there was nothing.
    const place = state.beginning === "committed" ? autoOffsetReset : state.beginning
    if (place === "earliest") return place
    if (place === "error")
      throw new ClientError(
        "no_offset",
        `${state.key}: nothing is committed, and autoOffsetReset is error; commit or seek to where it is to begin`,
      )
    return offsetAt(this.#connection, state, place as Place, this.#closing.signal)
  }

  async #fetch(states: readonly PartitionState[]): Promise<void> {
    const { settings } = this.#host
    const stop = new AbortController()
    const versions = states.map(state => state.version)
    const waits = states.every(
      ({ fetchOffset, endOffset }) => endOffset === undefined || (fetchOffset as number) >= endOffset,
    )
    this.#underWay = { states: new Set(states), stop, waits }
    const room = Math.max(REPLY_BYTES_MIN, settings.prefetchBytes - bufferedBytes(this.#host.states()))
    const group = this.#host.stamp()
    const options: FetchOptions = {
      maxBytes: Math.min(settings.fetchBytes, room),
      waitMs: settings.waitMs,
      isolation: settings.isolation,
      ...(group !== undefined && { group }),
    }
    const wishes = states.map(({ topic, topicId, partition, fetchOffset }) => ({
      topic,
      ...(topicId !== undefined && { topicId }),
      partition,
      offset: fetchOffset as number,
    }))
    try {
      const replies = await fetchOnce(this.#connection, wishes, options, stop.signal)
      this.#attempts = 0
      await Promise.all(replies.map((reply, index) => this.#take(states[index], versions[index], reply)))
    } catch (error) {
      const failure = clientError(error)
      if (stop.signal.aborted) return
      if (!failure.retriable) this.#host.failed(failure)
      const until = performance.now() + this.#connection.backoffMs(++this.#attempts, failure)
      for (const state of states) state.notBefore = until
    } finally {
      this.#underWay = undefined
    }
  }

  async #take(state: PartitionState, version: number, reply: PartitionReply): Promise<void> {
    if (state.version !== version || state.gone) return
    if (reply.error !== undefined) {
      this.#trouble(state, reply.error)
      return
    }
    try {
      const from = state.fetchOffset as number
      const batches: FetchedBatch[] = []
      for (const bytes of reply.batches) batches.push(await fetchedBatch(state, bytes, from))
      if (state.version !== version || state.gone) return
      state.topicId ??= reply.topicId
      state.endOffset = reply.endOffset ?? state.endOffset
      state.fromStart = false
      state.take(batches, Math.max(from, reply.nextOffset), this.#host.inHand(state))
      if (batches.length > 0) this.#tell(batches)
    } catch (error) {
      this.#trouble(state, clientError(error))
    }
  }

  /** Where there is more to fetch, it is asked for before what came is read: reading holds the event loop. */
  #tell(batches: readonly FetchedBatch[]): void {
    const bytes = batches.reduce((sum, batch) => sum + batch.bytes, 0)
    if (bytes < CATCH_UP_BYTES_MIN) this.#host.arrived()
    else setTimeout(() => this.#host.arrived(), 0)
  }

  /** What to do about a partition that cannot be read. */
  #trouble(state: PartitionState, error: ClientError): void {
    const { autoOffsetReset } = this.#host.settings
    state.notBefore = performance.now() + PARTITION_PAUSE_MS * (0.8 + 0.4 * Math.random())
    if (error.code === "offset_out_of_range") {
      const start = Number(error.detail.start ?? 0)
      const isStart = state.fromStart || autoOffsetReset === "earliest"
      if (!isStart && autoOffsetReset === "error") {
        this.#host.failed(error)
        return
      }
      state.seek(isStart ? start : (autoOffsetReset as Place))
      state.notBefore = 0
    } else if (isAssigners(error) || (this.#host.stamp() !== undefined && isGone(error))) this.#host.fenced()
    else if (!error.retriable) this.#host.failed(error)
  }
}

/** Of those that may be handed out. */
function bufferedBytes(states: Iterable<PartitionState>): number {
  let bytes = 0
  for (const state of states) if (!state.paused) bytes += state.bufferedBytes
  return bytes
}

/** The group has given the partition to another. */
const isAssigners = ({ code }: ClientError) => code === "fenced_member" || code === "unknown_member"

/** The group will notice, and take it from the assignment. */
const isGone = ({ code }: ClientError) =>
  code === "unknown_topic" || code === "topic_deleted" || code === "unknown_partition"
