import { LRUCache } from "lru-cache"
import type { TopicInfo } from "../log/types.ts"
import type { Clock } from "../storage/time.ts"
import type { KeyLimits } from "./auth/key-limits.ts"
import type { Caller } from "./auth/types.ts"
import { ApiError } from "./errors.ts"

/** What is counted of a request: what it appends, or what it reads. */
export type Direction = "produce" | "consume"

/** Buckets kept: of all keys of a deployment, and of as many topics again. One that is dropped begins full. */
export const QUOTA_BUCKETS_MAX = 4_000

interface Bucket {
  /** What is left of a second's worth; below 0 after a request that took more than was there. */
  tokens: number
  /** `Clock.elapsed`, ms. */
  at: number
}

interface Limit {
  /** Who is counted, for people: `the key "tower"`. */
  readonly who: string
  readonly id: string
  readonly unit: "bytes" | "requests"
  readonly perSecond: number
}

const keyLimit: Readonly<Record<Direction, Readonly<Record<Limit["unit"], keyof KeyLimits>>>> = {
  produce: { bytes: "produceBytesPerSecond", requests: "produceRequestsPerSecond" },
  consume: { bytes: "consumeBytesPerSecond", requests: "consumeRequestsPerSecond" },
}

/** As Kafka calls the rates of its quotas; it has none of requests. */
const topicLimit: Readonly<Record<Direction, Readonly<Record<Limit["unit"], string>>>> = {
  produce: { bytes: "producer_byte_rate", requests: "producer_request_rate" },
  consume: { bytes: "consumer_byte_rate", requests: "consumer_request_rate" },
}

const units = ["requests", "bytes"] as const

/**
 * What keys and topics may have produced and consumed, in token buckets that hold a second's worth. They are this
 * process's own: where several processes answer, each lets as much through. A request is let in while anything is left, and
 * is counted as a whole: a large one is paid for by those after it.
 */
export class Quotas {
  readonly #clock: Clock
  readonly #buckets = new LRUCache<string, Bucket>({ max: QUOTA_BUCKETS_MAX })

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /**
   * Begins to count a request of a caller.
   * @throws ApiError `quota_exceeded` where the caller's own limits are reached
   */
  request(direction: Direction, caller: Caller | undefined): Meter {
    const limits = caller?.id === undefined ? [] : limitsOfKey(direction, caller)
    this.admit(limits)
    return new Meter(this, direction, limits)
  }

  /** Takes a request from each, or from none: throws `quota_exceeded` for the one that has to wait longest. */
  admit(limits: readonly Limit[]): void {
    let longest: { readonly limit: Limit; readonly waitMs: number } | undefined
    for (const limit of limits) {
      const waitMs = this.#waitMs(limit)
      if (waitMs > (longest?.waitMs ?? 0)) longest = { limit, waitMs }
    }
    if (longest !== undefined) throw exceeded(longest.limit, longest.waitMs)
    for (const limit of limits) if (limit.unit === "requests") this.take(limit, 1)
  }

  take(limit: Limit, amount: number): void {
    this.#bucket(limit).tokens -= amount
  }

  /** Until there is something to take, ms. */
  #waitMs(limit: Limit): number {
    const { tokens } = this.#bucket(limit)
    // A request is a whole one; of bytes any rest will do.
    const needed = limit.unit === "requests" ? 1 : Number.EPSILON
    return tokens >= needed ? 0 : ((needed - tokens) / limit.perSecond) * 1_000
  }

  #bucket({ id, unit, perSecond }: Limit): Bucket {
    const now = this.#clock.elapsed()
    const most = Math.max(1, perSecond)
    let bucket = this.#buckets.get(`${unit} ${id}`)
    if (bucket === undefined) {
      bucket = { tokens: most, at: now }
      this.#buckets.set(`${unit} ${id}`, bucket)
    }
    bucket.tokens = Math.min(most, bucket.tokens + ((now - bucket.at) / 1_000) * perSecond)
    bucket.at = now
    return bucket
  }
}

/** Counts one request. */
export class Meter {
  readonly #quotas: Quotas
  readonly #direction: Direction
  readonly #own: readonly Limit[]
  readonly #topics = new Map<string, readonly Limit[]>()

  constructor(quotas: Quotas, direction: Direction, own: readonly Limit[]) {
    this.#quotas = quotas
    this.#direction = direction
    this.#own = own
  }

  /**
   * Counts the request for a topic, once however often it is named.
   * @throws ApiError `quota_exceeded` where the topic's limits are reached
   */
  topic(topic: TopicInfo): void {
    const limits = limitsOfTopic(this.#direction, topic)
    if (limits.length === 0 || this.#topics.has(topic.id)) return
    this.#quotas.admit(limits)
    this.#topics.set(topic.id, limits)
  }

  /** Counts what of the request is a topic's. */
  bytes(topicId: string, bytes: number): void {
    for (const limit of this.#own) if (limit.unit === "bytes") this.#quotas.take(limit, bytes)
    for (const limit of this.#topics.get(topicId) ?? []) {
      if (limit.unit === "bytes") this.#quotas.take(limit, bytes)
    }
  }
}

function limitsOfKey(direction: Direction, { id, name, ...limits }: Caller): Limit[] {
  return units.flatMap(unit => {
    const perSecond = limits[keyLimit[direction][unit] as "produceBytesPerSecond"]
    const who = `the key ${JSON.stringify(name)}`
    return perSecond === undefined ? [] : [{ who, id: `${direction} key ${id}`, unit, perSecond }]
  })
}

function limitsOfTopic(direction: Direction, { id, name, config }: TopicInfo): Limit[] {
  return units.flatMap(unit => {
    const text = config[topicLimit[direction][unit]]
    if (text === undefined) return []
    return [{ who: `the topic ${name}`, id: `${direction} topic ${id}`, unit, perSecond: Number(text) }]
  })
}

function exceeded({ who, unit, id, perSecond }: Limit, waitMs: number): ApiError {
  const produces = id.startsWith("produce")
  const what = {
    bytes: `bytes ${produces ? "produced" : "consumed"}`,
    requests: `requests to ${produces ? "append" : "read"}`,
  }
  const again = `try again in ${Math.ceil(waitMs / 1_000)} s`
  return new ApiError("quota_exceeded", `${who} has had its ${perSecond} ${what[unit]} a second; ${again}`, {
    retryAfterMs: Math.ceil(waitMs),
  })
}
