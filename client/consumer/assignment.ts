import { deferred } from "../timing.ts"
import type { TopicPartition } from "../types.ts"
import type { AssignedPartition, OwnedPartitions } from "./membership.ts"
import type { RebalanceListener } from "./options.ts"
import { PartitionState, partitionKey } from "./partition-state.ts"

/** What a change of the assignment asks of the consumer. */
export interface AssignmentHost {
  /** Resolves once nothing of the partitions is being read, or after a while nevertheless. */
  handedBack(states: readonly PartitionState[]): Promise<void>
  /** Commits what is done with, where the consumer does so by itself. */
  commitConsumed(states: readonly PartitionState[]): Promise<void>
  /** What is read has changed. */
  changed(): void
  failed(error: unknown): void
}

/** The partitions of a consumer, and how they come and go. */
export class Assignment {
  readonly #host: AssignmentHost
  readonly #listener: RebalanceListener
  readonly #states = new Map<string, PartitionState>()
  #target: readonly AssignedPartition[] | undefined
  #changing: Promise<void> | undefined

  constructor(listener: RebalanceListener, host: AssignmentHost) {
    this.#listener = listener
    this.#host = host
  }

  states(): Iterable<PartitionState> {
    return this.#states.values()
  }

  get(at: TopicPartition): PartitionState | undefined {
    return this.#states.get(partitionKey(at))
  }

  /** Reads these and no others, without a group's telling. */
  set(states: readonly PartitionState[]): void {
    for (const state of this.#states.values()) state.gone = true
    this.#states.clear()
    for (const state of states) this.#states.set(state.key, state)
    this.#host.changed()
  }

  owned(): OwnedPartitions[] {
    const owned = new Map<string, { topic: string; topicId: string; partitions: number[] }>()
    for (const { topic, topicId, partition } of this.#states.values()) {
      const of = owned.get(topicId ?? topic) ?? { topic, topicId: topicId ?? "", partitions: [] }
      of.partitions.push(partition)
      owned.set(topicId ?? topic, of)
    }
    return [...owned.values()]
  }

  /** All that the consumer may read now. What it no longer may it gives up, once those who have to know know. */
  become(target: readonly AssignedPartition[]): void {
    this.#target = target
    this.#changing ??= this.#change().finally(() => {
      this.#changing = undefined
      // Another assignment may have come while a listener was being waited for.
      if (this.#target !== undefined) this.become(this.#target)
    })
  }

  async #change(): Promise<void> {
    while (this.#target !== undefined) {
      const target = this.#target
      this.#target = undefined
      const kept = new Set(target.map(idOf))
      const revoked = [...this.#states.values()].filter(state => !kept.has(idOf(state)))
      if (revoked.length > 0) await this.#revoke(revoked)
      const added = target.filter(at => this.#states.get(partitionKey(at)) === undefined)
      if (added.length > 0) await this.#assign(added)
      if (revoked.length > 0 || added.length > 0) this.#host.changed()
    }
  }

  async #revoke(states: readonly PartitionState[]): Promise<void> {
    for (const state of states) state.held = true
    await this.#host.handedBack(states)
    const lost = states.filter(state => state.gone)
    const left = states.filter(state => !state.gone)
    if (lost.length === states.length) return
    await this.#tell("onRevoked", left)
    await this.#host.commitConsumed(left).catch(error => this.#host.failed(error))
    this.#remove(left)
  }

  async #assign(partitions: readonly AssignedPartition[]): Promise<void> {
    const states = partitions.map(({ topic, topicId, partition, offset }) => {
      const state = new PartitionState(topic, partition, offset ?? "committed")
      state.topicId = topicId
      state.committed = offset
      state.held = true
      this.#states.set(state.key, state)
      return state
    })
    await this.#tell("onAssigned", states)
    for (const state of states) state.held = false
  }

  /** Lets go of everything: it is others' already. */
  async lose(): Promise<void> {
    this.#target = undefined
    const states = [...this.#states.values()]
    this.#remove(states)
    this.#host.changed()
    if (states.length > 0) await this.#tell("onLost", states)
  }

  /** Gives everything up, as when the consumer is closed. */
  async release(): Promise<void> {
    this.#target = undefined
    await this.#changing
    const states = [...this.#states.values()]
    if (states.length > 0) await this.#tell("onRevoked", states)
  }

  #remove(states: readonly PartitionState[]): void {
    for (const state of states) {
      state.gone = true
      state.seek("error")
      if (this.#states.get(state.key) === state) this.#states.delete(state.key)
    }
  }

  async #tell(what: keyof RebalanceListener, states: readonly PartitionState[]): Promise<void> {
    const partitions = states.map(({ topic, partition }) => ({ topic, partition }))
    try {
      await this.#listener[what]?.(partitions)
    } catch (error) {
      this.#host.failed(error)
    }
  }
}

const idOf = ({ topic, topicId, partition }: { topic: string; topicId?: string; partition: number }) =>
  `${topicId ?? topic}/${partition}`

/** A timer of more ms fires at once; whoever waited looks again anyway. */
const TIMER_MS_MAX = 2 ** 31 - 1

/** Waits for a hand to be empty, or for `ms`. */
export async function within(ms: number, done: Promise<void>): Promise<void> {
  const late = deferred<void>()
  const timer = setTimeout(() => late.resolve(), Math.min(ms, TIMER_MS_MAX))
  await Promise.race([done, late.promise])
  clearTimeout(timer)
}
