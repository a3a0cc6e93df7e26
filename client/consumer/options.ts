import type { ConnectionOptions } from "../connection.ts"
import { ClientError } from "../errors.ts"
import type { Place, TopicPartition } from "../types.ts"

export interface ConsumerOptions extends ConnectionOptions {
  /** Whose offsets are committed; needed for `subscribe`. 1 to 256 printable characters. */
  readonly group?: string
  /** Makes the member static: who comes back under it within the session takes its partitions over, without a rebalance. */
  readonly instanceId?: string
  /** How the group shares partitions out; it takes what most of its members name. Default `uniform`. */
  readonly assignor?: "range" | "uniform" | "sticky"
  /** Where to begin without a committed offset, and where the one wanted is gone. Default `latest`; `error`: throw. */
  readonly autoOffsetReset?: Place | "error"
  /** `read_committed` (the default) shows nothing of transactions that are open or aborted. */
  readonly isolation?: "read_committed" | "read_uncommitted"
  /** Commits by itself what was handed out and is done with: that is, once the next record or batch is asked for. Default true. */
  readonly autoCommit?: boolean
  /** Default 5,000. */
  readonly autoCommitIntervalMs?: number
  /** A reply is cut there, bytes; 1 to 4,194,304. Default 4,194,304. */
  readonly fetchBytes?: number
  /** Bytes that are fetched ahead of what was handed out, about. Default 16,777,216. */
  readonly prefetchBytes?: number
  /** How long a fetch waits for a record, ms, at most 25,000. Default 5,000. */
  readonly waitMs?: number
  /** Without a heartbeat for so long, the group gives the member's partitions to others, ms; 6,000 to 1,800,000. Default 45,000. */
  readonly sessionTimeoutMs?: number
  /** How long a partition may be kept that the group wants back, ms. Default 60,000. */
  readonly rebalanceTimeoutMs?: number
}

/** What is told of changes of the assignment; each is awaited before the change goes on. */
export interface RebalanceListener {
  /** These are the consumer's from now on; nothing of them is fetched before this has resolved: it may `seek`. */
  onAssigned?(partitions: readonly TopicPartition[]): Promise<void> | void
  /** These go to others after this: it may still `commit`. */
  onRevoked?(partitions: readonly TopicPartition[]): Promise<void> | void
  /** These are others' already, since the session ended: what was not committed will be read again. */
  onLost?(partitions: readonly TopicPartition[]): Promise<void> | void
}

export interface ConsumerSettings {
  readonly group: string | undefined
  readonly instanceId: string | undefined
  readonly assignor: "range" | "uniform" | "sticky"
  readonly autoOffsetReset: Place | "error"
  readonly isolation: "read_committed" | "read_uncommitted"
  readonly autoCommit: boolean
  readonly autoCommitIntervalMs: number
  readonly fetchBytes: number
  readonly prefetchBytes: number
  readonly waitMs: number
  readonly sessionTimeoutMs: number
  readonly rebalanceTimeoutMs: number
}

const BOUNDS: readonly (readonly [keyof ConsumerSettings, min: number, max: number])[] = [
  ["autoCommitIntervalMs", 1, 24 * 3_600_000],
  ["fetchBytes", 1, 4 * 1024 * 1024],
  ["prefetchBytes", 1, Number.MAX_SAFE_INTEGER],
  ["waitMs", 0, 25_000],
  ["sessionTimeoutMs", 6_000, 1_800_000],
  ["rebalanceTimeoutMs", 1, 1_800_000],
]

/** Throws `invalid`, naming the option and what was expected. */
export function consumerSettings(options: ConsumerOptions): ConsumerSettings {
  const settings: ConsumerSettings = {
    group: options.group,
    instanceId: options.instanceId,
    assignor: options.assignor ?? "uniform",
    autoOffsetReset: options.autoOffsetReset ?? "latest",
    isolation: options.isolation ?? "read_committed",
    autoCommit: options.autoCommit ?? true,
    autoCommitIntervalMs: options.autoCommitIntervalMs ?? 5_000,
    fetchBytes: options.fetchBytes ?? 4 * 1024 * 1024,
    prefetchBytes: options.prefetchBytes ?? 16 * 1024 * 1024,
    waitMs: options.waitMs ?? 5_000,
    sessionTimeoutMs: options.sessionTimeoutMs ?? 45_000,
    rebalanceTimeoutMs: options.rebalanceTimeoutMs ?? 60_000,
  }
  for (const [name, min, max] of BOUNDS) {
    const value = settings[name] as number
    if (!(value >= min && value <= max))
      throw new ClientError("invalid", `${name}: expected ${min} to ${max}, got ${String(value)}`)
  }
  const { autoOffsetReset: place } = settings
  const isPlace =
    typeof place === "string" ? ["earliest", "latest", "error"].includes(place) : place.timestamp >= 0
  if (!isPlace)
    throw new ClientError(
      "invalid",
      `autoOffsetReset: expected earliest, latest, error or {timestamp}, got ${JSON.stringify(place)}`,
    )
  return settings
}
