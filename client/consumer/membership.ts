import { type Connection, parseJson } from "../connection.ts"
import { ClientError, clientError } from "../errors.ts"
import { pause } from "../timing.ts"
import type { Stamp } from "./offsets.ts"
import type { ConsumerSettings } from "./options.ts"

/** What a consumer wants to read: names, or a pattern over the names of all topics. */
export type Subscription = { readonly topics: readonly string[] } | { readonly pattern: string }

/** A partition that the member may read from now on. */
export interface AssignedPartition {
  readonly topic: string
  readonly topicId: string
  readonly partition: number
  readonly offset?: number
}

export interface OwnedPartitions {
  readonly topic: string
  readonly topicId: string
  readonly partitions: readonly number[]
}

interface Reply {
  readonly memberEpoch: number
  readonly heartbeatIntervalMs: number
  readonly assignment?: readonly AssignedPartition[]
}

/** What the membership asks of its consumer. */
export interface MembershipHost {
  /** What is still read. */
  owned(): readonly OwnedPartitions[]
  /** All that the consumer may read now; what it owns beside that it is to give up. */
  assigned(partitions: readonly AssignedPartition[]): void
  /** Nothing is the consumer's any more; resolves once it has let go. */
  lost(): Promise<void>
  /** It cannot be a member. */
  failed(error: ClientError): void
}

/** Until the first reply tells another interval. */
const HEARTBEAT_MS = 5_000
/** A heartbeat that is not answered for so long is repeated, ms. */
const ANSWER_MS_MAX = 10_000

/** The group has no such member any more, or another in its place. */
const isForgotten = ({ code }: ClientError) => code === "fenced_member" || code === "unknown_member"

/** Keeps a consumer in its group, by heartbeats. */
export class Membership {
  readonly member: string
  readonly group: string
  readonly #connection: Connection
  readonly #settings: ConsumerSettings
  readonly #subscription: Subscription
  readonly #host: MembershipHost
  readonly #closing = new AbortController()
  #nap = new AbortController()
  #epoch = 0
  #heardAt = performance.now()
  #running: Promise<void> | undefined

  constructor(
    group: string,
    subscription: Subscription,
    connection: Connection,
    settings: ConsumerSettings,
    host: MembershipHost,
  ) {
    this.group = group
    this.member = crypto.randomUUID()
    this.#subscription = subscription
    this.#connection = connection
    this.#settings = settings
    this.#host = host
  }

  /** Undefined while it is no member. */
  get stamp(): Stamp | undefined {
    return this.#epoch === 0 ? undefined : { member: this.member, memberEpoch: this.#epoch }
  }

  start(): void {
    this.#running = this.#run()
  }

  /** Sends a heartbeat at once. */
  beat(): void {
    this.#nap.abort()
  }

  async #run(): Promise<void> {
    let intervalMs = HEARTBEAT_MS
    for (let attempts = 0; !this.#closing.signal.aborted; ) {
      this.#nap = new AbortController()
      try {
        const reply = await this.#heartbeat()
        if (this.#closing.signal.aborted) return
        attempts = 0
        this.#heardAt = performance.now()
        this.#epoch = reply.memberEpoch
        intervalMs = reply.heartbeatIntervalMs
        if (reply.assignment !== undefined) this.#host.assigned(reply.assignment)
        await pause(intervalMs, AbortSignal.any([this.#nap.signal, this.#closing.signal]))
      } catch (error) {
        if (this.#closing.signal.aborted) return
        const failure = clientError(error)
        if (!(await this.#recover(failure))) return
        attempts++
        const pauseMs = Math.min(intervalMs, this.#connection.backoffMs(attempts, failure))
        if (this.#epoch > 0 || attempts > 1) await pause(pauseMs, this.#closing.signal)
      }
    }
  }

  /** False: it cannot be a member. */
  async #recover(error: ClientError): Promise<boolean> {
    if (error.code === "fenced_member" && this.#settings.instanceId !== undefined && this.#epoch > 0) {
      await this.#host.lost()
      const message = `${error.message}; another consumer runs under instanceId ${this.#settings.instanceId}`
      this.#host.failed(new ClientError("fenced_member", message, { cause: error }))
      return false
    }
    const isLate = performance.now() - this.#heardAt > this.#settings.sessionTimeoutMs
    if (isForgotten(error) || (isLate && this.#epoch > 0)) {
      // Others may read what was ours: it is let go of before anything else.
      this.#epoch = 0
      await this.#host.lost()
      return true
    }
    // Who is told may mend it, a key or a pattern of others': it goes on, as the reading does.
    if (!error.retriable) this.#host.failed(error)
    return true
  }

  async #heartbeat(): Promise<Reply> {
    const { instanceId, assignor, sessionTimeoutMs, rebalanceTimeoutMs } = this.#settings
    const joins = this.#epoch === 0
    const body = {
      memberEpoch: this.#epoch,
      ...(instanceId !== undefined && { instanceId }),
      ...(joins && { subscription: this.#subscription, assignor, sessionTimeoutMs, rebalanceTimeoutMs }),
      owned: joins ? [] : this.#host.owned(),
    }
    const options = { body, signal: this.#closing.signal, timeoutMs: ANSWER_MS_MAX }
    const reply = await this.#connection.send("POST", this.#path, options)
    return parseJson(new TextDecoder().decode(reply.body), this.#path) as Reply
  }

  get #path(): string {
    return `/groups/${encodeURIComponent(this.group)}/members/${encodeURIComponent(this.member)}`
  }

  /** Ends the heartbeats, and the membership: a static member's partitions wait for its return. */
  async close(): Promise<void> {
    this.#closing.abort()
    await this.#running
    const epoch = this.#epoch
    this.#epoch = 0
    if (epoch === 0 || this.#settings.instanceId !== undefined) return
    // The session's end does it too, only later.
    await this.#connection
      .call("DELETE", `${this.#path}?epoch=${epoch}`, { timeoutMs: ANSWER_MS_MAX })
      .catch(() => undefined)
  }
}
