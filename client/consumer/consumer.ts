import { Connection } from "../connection.ts"
import { ClientError, clientError } from "../errors.ts"
import type { OffsetSource, TransactionOffset } from "../producer/transaction.ts"
import type { ConsumerRecord } from "../records/consumer-record.ts"
import type { FetchedBatch } from "../records/fetched-batch.ts"
import { type Deferred, deferred } from "../timing.ts"
import type { Place, TopicPartition } from "../types.ts"
import { Assignment, within } from "./assignment.ts"
import { Fetcher } from "./fetcher.ts"
import { Membership, type Subscription } from "./membership.ts"
import { boundsOf, commitOffsets, committedOffsets, type OffsetCommit } from "./offsets.ts"
import {
  type ConsumerOptions,
  type ConsumerSettings,
  consumerSettings,
  type RebalanceListener,
} from "./options.ts"
import { PartitionState, partitionKey } from "./partition-state.ts"

/** A partition to read, and where to begin; default: what the group committed, else `autoOffsetReset`. */
export interface PartitionAssignment extends TopicPartition {
  readonly from?: number | Place | "committed"
}

/** Reads records: with others of a group, or of partitions of its own choice. Close it when done. */
export class Consumer implements OffsetSource, AsyncIterable<ConsumerRecord> {
  readonly #settings: ConsumerSettings
  readonly #connection: Connection
  readonly #fetcher: Fetcher
  #assignment: Assignment
  #membership: Membership | undefined
  #fetching: Promise<void> | undefined
  #commitTimer: ReturnType<typeof setInterval> | undefined
  /** The batch that is being read, and whose it is. */
  #hand:
    | { readonly batch: FetchedBatch; readonly state: PartitionState; readonly version: number }
    | undefined
  #handEmpty: Deferred<void> | undefined
  #news: Deferred<void> | undefined
  #turn: string | undefined
  #failure: ClientError | undefined
  #closed = false

  /** Throws `invalid`. */
  constructor(options: ConsumerOptions) {
    this.#settings = consumerSettings(options)
    this.#connection = new Connection(options)
    this.#assignment = this.#newAssignment({})
    this.#fetcher = new Fetcher(this.#connection, {
      settings: this.#settings,
      states: () => this.#assignment.states(),
      inHand: state => (this.#hand?.state === state ? this.#hand.batch : undefined),
      stamp: () => this.#fetchStamp(),
      arrived: () => this.#news?.resolve(),
      failed: error => this.#fail(error),
      fenced: () => this.#membership?.beat(),
    })
  }

  #newAssignment(listener: RebalanceListener): Assignment {
    return new Assignment(listener, {
      handedBack: states => this.#handedBack(states),
      commitConsumed: async states => {
        if (this.#settings.autoCommit) await this.#commitStates(states)
      },
      changed: () => {
        this.#membership?.beat()
        this.#fetcher.poke()
      },
      failed: error => this.#fail(clientError(error)),
    })
  }

  /**
   * Reads, as a member of the group, the partitions that are given to it of some topics, or of all whose names match a
   * pattern (a regular expression, as the server understands it). Throws `invalid`, `closed`.
   */
  subscribe(subscription: Subscription, listener: RebalanceListener = {}): void {
    const { group } = this.#settings
    if (group === undefined)
      throw new ClientError("invalid", "group: is missing, a consumer needs one to subscribe")
    this.#begin()
    this.#assignment = this.#newAssignment(listener)
    this.#membership = new Membership(group, subscription, this.#connection, this.#settings, {
      owned: () => this.#assignment.owned(),
      assigned: partitions => this.#assignment.become(partitions),
      lost: () => this.#assignment.lose(),
      failed: error => this.#fail(error),
    })
    this.#membership.start()
  }

  /** Reads these partitions, whoever else does. Offsets are committed where the consumer has a group. */
  async assign(partitions: readonly PartitionAssignment[]): Promise<void> {
    const { group } = this.#settings
    this.#begin()
    const asks = group !== undefined && partitions.some(({ from = "committed" }) => from === "committed")
    const committed = asks ? await committedOffsets(this.#connection, group) : []
    const known = new Map(committed.map(each => [partitionKey(each), each.offset]))
    this.#assignment.set(
      partitions.map(at => {
        const { topic, partition, from = "committed" } = at
        const offset = from === "committed" ? known.get(partitionKey(at)) : undefined
        const state = new PartitionState(topic, partition, offset ?? from)
        state.committed = offset
        return state
      }),
    )
  }

  #begin(): void {
    if (this.#closed) throw closedError()
    if (this.#fetching !== undefined)
      throw new ClientError("invalid", "the consumer reads already: make another one for other partitions")
    this.#fetching = this.#fetcher.run()
    const { group, autoCommit, autoCommitIntervalMs } = this.#settings
    if (group !== undefined && autoCommit)
      this.#commitTimer = setInterval(() => void this.#autoCommit(), autoCommitIntervalMs)
  }

  /**
   * The next batch of some partition, as soon as there is one; undefined: there was none for `timeoutMs`. What was given before
   * counts as done with. Rejects with what the consumer cannot go on from, once; the next call goes on.
   */
  async poll(timeoutMs: number = Number.POSITIVE_INFINITY): Promise<FetchedBatch | undefined> {
    this.#putBack()
    const until = performance.now() + timeoutMs
    for (;;) {
      if (this.#failure !== undefined) {
        const failure = this.#failure
        this.#failure = undefined
        throw failure
      }
      if (this.#closed) throw closedError()
      const batch = this.#next()
      if (batch !== undefined) return batch
      const left = until - performance.now()
      if (left <= 0) return undefined
      this.#news = deferred<void>()
      if (left === Number.POSITIVE_INFINITY) await this.#news.promise
      else await within(left, this.#news.promise)
    }
  }

  /** What was handed out is done with; what of it was not read is handed out again. */
  #putBack(): void {
    const hand = this.#hand
    if (hand === undefined) return
    const { state, batch, version } = hand
    if (!state.gone && state.version === version && state.position !== undefined) {
      state.consumed = state.position
      if (state.position < batch.nextOffset) state.putBack(batch, state.position)
    }
    this.#hand = undefined
    this.#handEmpty?.resolve()
  }

  /** Takes partitions in turn. */
  #next(): FetchedBatch | undefined {
    const states = [...this.#assignment.states()].filter(
      state => state.buffered.length > 0 && !state.paused && !state.held,
    )
    if (states.length === 0) return undefined
    const after = states.findIndex(state => state.key === this.#turn)
    const state = states[(after + 1) % states.length]
    this.#turn = state.key
    const batch = state.shift() as FetchedBatch
    this.#hand = { batch, state, version: state.version }
    state.position = batch.nextOffset
    this.#fetcher.poke()
    return batch
  }

  /** Batches, for as long as the consumer is open: the fastest way to read. */
  async *batches(): AsyncGenerator<FetchedBatch, void, undefined> {
    for (;;) {
      const batch = await this.poll().catch(endOfClosed)
      if (batch === undefined) return
      yield batch
    }
  }

  /** Records, for as long as the consumer is open. */
  async *[Symbol.asyncIterator](): AsyncGenerator<ConsumerRecord, void, undefined> {
    for await (const batch of this.batches()) {
      const hand = this.#hand
      if (hand === undefined) continue
      const { state, version } = hand
      // A seek within the loop's body, and the partition's loss, go before what is left of the batch.
      const isValid = () => this.#hand === hand && state.version === version
      for (const record of batch) {
        state.position = record.offset + 1
        state.consumed = record.offset
        yield record
        if (!isValid()) break
      }
      if (isValid()) state.position = batch.nextOffset
    }
  }

  /** Fetches no more of these partitions, and hands nothing of them out, until `resume`. */
  pause(partitions: readonly TopicPartition[]): void {
    for (const at of partitions) this.#state(at).paused = true
  }

  resume(partitions: readonly TopicPartition[]): void {
    for (const at of partitions) this.#state(at).paused = false
    this.#news?.resolve()
    this.#fetcher.poke()
  }

  /** Goes on elsewhere in a partition. */
  seek(at: TopicPartition, to: number | Place): void {
    const state = this.#state(at)
    state.seek(to)
    this.#fetcher.poke()
  }

  /** Goes back to where the group committed, in every partition: after a transaction with offsets of it was aborted. */
  async rewind(): Promise<void> {
    const { group } = this.stamp()
    const committed = await committedOffsets(this.#connection, group)
    const known = new Map(committed.map(each => [partitionKey(each), each.offset]))
    for (const state of this.#assignment.states()) {
      state.committed = known.get(state.key)
      state.seek(state.committed ?? "committed")
    }
    this.#fetcher.poke()
  }

  /** The offset that follows what was handed out; undefined while it is not known yet. */
  position(at: TopicPartition): number | undefined {
    return this.#state(at).position
  }

  /** Offsets between the position and the partition's end, as of the last fetch; undefined while one of them is not known. */
  lag(at: TopicPartition): number | undefined {
    const { position, endOffset } = this.#state(at)
    return position === undefined || endOffset === undefined ? undefined : Math.max(0, endOffset - position)
  }

  /** The first offset that can be read, and the one after the last record. */
  bounds(at: TopicPartition): Promise<{ readonly startOffset: number; readonly endOffset: number }> {
    return boundsOf(this.#connection, at)
  }

  /** The partitions that are read. */
  assignment(): readonly TopicPartition[] {
    return [...this.#assignment.states()].map(({ topic, partition }) => ({ topic, partition }))
  }

  /**
   * Where each partition goes on after all that was handed out: what `commit` commits. Where that is known to be committed it is
   * left out: each is a write, and a transaction takes a few dozen.
   */
  positions(): readonly TransactionOffset[] {
    return [...this.#assignment.states()].flatMap(
      ({ topic, topicId, partition, position: offset, committed, fromStart }) =>
        offset === undefined || offset === committed || fromStart
          ? []
          : [{ topic, ...(topicId !== undefined && { topicId }), partition, offset }],
    )
  }

  /** Who commits: for a transaction's `sendOffsets`. */
  stamp(): { readonly group: string; readonly member?: string; readonly memberEpoch?: number } {
    const { group } = this.#settings
    if (group === undefined) throw new ClientError("invalid", "group: is missing, offsets are a group's")
    return { group, ...this.#membership?.stamp }
  }

  #fetchStamp() {
    const stamp = this.#membership?.stamp
    return stamp === undefined ? undefined : { group: this.#settings.group as string, ...stamp }
  }

  /**
   * Commits. @param offsets default: where each partition goes on after all that was handed out, the record that is being
   * read included
   * Rejects with `fenced_member` or `unknown_member` where a partition is another's by now: what was read of it is not to be
   * counted as done.
   */
  async commit(offsets: readonly OffsetCommit[] = this.positions()): Promise<void> {
    const { group, ...stamp } = this.stamp()
    const errors = await commitOffsets(
      this.#connection,
      group,
      offsets,
      stamp.member === undefined ? undefined : (stamp as { member: string; memberEpoch: number }),
    )
    for (const [index, error] of errors.entries()) {
      if (error !== undefined) continue
      const state = this.#assignment.get(offsets[index])
      if (state !== undefined) state.committed = offsets[index].offset
    }
    const refused = errors.find(error => error !== undefined)
    if (refused === undefined) return
    if (refused.code === "fenced_member" || refused.code === "unknown_member") this.#membership?.beat()
    throw refused
  }

  /** What the group has committed in a partition; undefined: nothing. */
  async committed(at: TopicPartition): Promise<number | undefined> {
    const { group } = this.stamp()
    const offsets = await committedOffsets(this.#connection, group, at.topic)
    return offsets.find(({ partition }) => partition === at.partition)?.offset
  }

  async #autoCommit(): Promise<void> {
    try {
      await this.#commitStates([...this.#assignment.states()])
    } catch (error) {
      const failure = clientError(error)
      // What is another's by now is told by the next heartbeat; what passes is tried again.
      if (!failure.retriable && !isFenced(failure)) this.#fail(failure)
    }
  }

  async #commitStates(states: readonly PartitionState[]): Promise<void> {
    const due = states.filter(
      ({ consumed, committed, fromStart }) =>
        consumed !== undefined && !fromStart && consumed > (committed ?? 0),
    )
    if (due.length === 0 || this.#settings.group === undefined) return
    await this.commit(
      due.map(({ topic, topicId, partition, consumed }) => ({
        topic,
        ...(topicId !== undefined && { topicId }),
        partition,
        offset: consumed as number,
      })),
    )
  }

  async #handedBack(states: readonly PartitionState[]): Promise<void> {
    if (this.#hand === undefined || !states.includes(this.#hand.state)) return
    this.#handEmpty = deferred<void>()
    // Half of what the group allows: the other half is for what follows.
    await within(this.#settings.rebalanceTimeoutMs / 2, this.#handEmpty.promise)
  }

  #state(at: TopicPartition): PartitionState {
    const state = this.#assignment.get(at)
    if (state !== undefined) return state
    throw new ClientError(
      "invalid",
      `${partitionKey(at)}: is not among the partitions that the consumer reads`,
    )
  }

  #fail(error: ClientError): void {
    this.#failure ??= error
    this.#news?.resolve()
  }

  /** Commits what is done with, where the consumer does so by itself, and leaves the group. Rejects as `commit` does; it is closed nevertheless. */
  async close(): Promise<void> {
    if (this.#closed) return
    this.#closed = true
    clearInterval(this.#commitTimer)
    this.#fetcher.close()
    this.#handEmpty?.resolve()
    await this.#assignment.release()
    try {
      if (this.#settings.autoCommit)
        await this.#commitStates([...this.#assignment.states()]).catch(ignoreFenced)
    } finally {
      // Whatever became of the commit: a member that nobody closes any more would keep its partitions.
      await this.#membership?.close()
      this.#news?.resolve()
      await this.#fetching
    }
  }
}

const closedError = () => new ClientError("closed", "the consumer is closed: make a new one")

const isFenced = ({ code }: ClientError) => code === "fenced_member" || code === "unknown_member"

function ignoreFenced(error: unknown): void {
  if (!isFenced(clientError(error))) throw error
}

function endOfClosed(error: unknown): undefined {
  if (clientError(error).code === "closed") return undefined
  throw error
}
