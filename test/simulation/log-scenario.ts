import type { LogOptions } from "../../shared/log/options.ts"
import { drawFaultPlan, type FaultPlan } from "./fault-plan.ts"
import type { Prng } from "./prng.ts"

const SECOND_MS = 1_000
const HOUR_MS = 3_600 * SECOND_MS

/** Beyond every margin of the protocol: a clock that far off decides nothing. */
const CLOCK_OFF_MS = 30 * HOUR_MS
/** Requests that the network keeps for a day reach the store after every deadline. */
const HELD_MS = 30 * HOUR_MS

export interface HostSpec {
  readonly name: string
  readonly skewMs: number
}

export interface TopicPlan {
  readonly name: string
  readonly partitions: number
  /** Of the batches that the log encodes itself; without one as they come. */
  readonly compression?: string
  /** Times that it is deleted and made anew while clients use its name. */
  readonly recreations: number
}

export interface ClientSpec {
  readonly kind: "plain" | "named" | "given"
  readonly topic: string
  readonly operations: number
  /** Operations under way at once. */
  readonly window: number
}

export interface ReaderSpec {
  readonly topic: string
  readonly fetches: number
  readonly tails: boolean
}

/**
 * What a run has more of than others:
 *
 * - `suspended`: machines that are stopped for up to a day and go on, half of them not knowing it;
 * - `crawling`: a network in which calls take hours as often as seconds;
 * - `deletions`: topics that are deleted and made anew again and again, by processes that die over it;
 * - `lies`: producers that send sequences which overlap others, and epochs that are over.
 */
export type Emphasis = "none" | "suspended" | "crawling" | "deletions" | "lies"

const EMPHASES: readonly Emphasis[] = ["none", "none", "suspended", "crawling", "deletions", "lies"]

/** Everything about a run that its seed decides before it begins. */
export interface LogScenario {
  readonly emphasis: Emphasis
  readonly faults: FaultPlan
  readonly options: Partial<LogOptions>
  readonly hosts: readonly HostSpec[]
  readonly topics: readonly TopicPlan[]
  readonly clients: readonly ClientSpec[]
  readonly readers: readonly ReaderSpec[]
  /** How often a client rests for hours, so that producers expire and views grow old. */
  readonly restChance: number
  /** How often a producer sends what has to be refused. */
  readonly lieChance: number
  /** Bytes of a record's value, at most. */
  readonly valueBytesMax: number
  /** Rounds of roll-up and deletion, most of them a day apart. */
  readonly keeping: number
  /** At the end a slot is taken away: nobody may overlook it. */
  readonly damage: boolean
}

/** @param forced the run's emphasis, instead of the seed's own choice */
export function drawScenario(prng: Prng, forced?: Emphasis): LogScenario {
  const drawn = prng.pick(EMPHASES)
  const emphasis = forced ?? drawn
  const topics = drawTopics(prng.fork("topics"), emphasis)
  const names = topics.map(({ name }) => name)
  const clients = times(2 + prng.integer(4), () => drawClient(prng, names))
  const readers = times(1 + prng.integer(3), () => ({
    topic: prng.pick(names),
    fetches: 4 + prng.integer(16),
    tails: prng.chance(0.5),
  }))
  return {
    emphasis,
    faults: drawFaults(prng.fork("faults"), emphasis),
    options: drawOptions(prng.fork("options")),
    hosts: times(2 + prng.integer(3), index => ({ name: `h${index + 1}`, skewMs: drawSkew(prng) })),
    topics,
    clients,
    readers,
    restChance: prng.pick([0, 0, 0.02, 0.1]),
    lieChance: emphasis === "lies" ? 0.5 : 0.1,
    valueBytesMax: prng.pick([10, 200, 1_500]),
    keeping: drawKeeping(prng.fork("keeping")),
    damage: prng.chance(0.15),
  }
}

function drawKeeping(prng: Prng): number {
  return prng.chance(0.5) ? 1 + prng.integer(4) : 0
}

function drawTopics(prng: Prng, emphasis: Emphasis): TopicPlan[] {
  return ["a", "b"].slice(0, 1 + prng.integer(2)).map(name => ({
    name,
    partitions: 1 + prng.integer(3),
    ...(prng.chance(0.2) && { compression: prng.pick(["lz4", "zstd", "gzip", "snappy"]) }),
    recreations: emphasis === "deletions" || prng.chance(0.2) ? 1 + prng.integer(4) : 0,
  }))
}

function drawClient(prng: Prng, names: readonly string[]): ClientSpec {
  return {
    kind: prng.pick(["plain", "named", "named", "given"]),
    topic: prng.pick(names),
    operations: Math.round(prng.magnitude(4, 40)),
    window: 1 + prng.integer(5),
  }
}

/** A run's faults where the log lives in environments: they are frozen in the middle of calls, too. */
export function withFreezes(plan: FaultPlan, prng: Prng): FaultPlan {
  return { ...plan, freeze: prng.pick([plan.freeze, 0.01, 0.03]) }
}

function drawFaults(prng: Prng, emphasis: Emphasis): FaultPlan {
  const plan = drawFaultPlan(prng)
  const crawling = emphasis === "crawling"
  // A store that refuses or loses every other write.
  const refusing = prng.chance(0.05)
  return {
    ...plan,
    throttle: refusing ? 0.3 : plan.throttle,
    timeoutBefore: refusing ? 0.3 : plan.timeoutBefore,
    lateMsMax: crawling || prng.chance(0.3) ? HELD_MS : plan.lateMsMax,
    slow: crawling ? 0.1 : plan.slow,
    slowMsMax: crawling ? HELD_MS : plan.slowMsMax,
    freeze: emphasis === "suspended" ? 0.02 : plan.freeze,
    crash: emphasis === "deletions" ? 0.005 : plan.crash,
    // A store that mostly does not answer reads.
    unavailable: prng.chance(0.05) ? 0.3 : plan.unavailable,
  }
}

/** Bounds so low that a short run meets what lies beyond them. */
function drawOptions(prng: Prng): Partial<LogOptions> {
  return {
    inlineItemBytesMax: prng.pick([300, 700, 8 * 1024]),
    inlineCommitsPerSecMax: prng.pick([2, 50]),
    lingerMs: prng.pick([0, 0, 5, 100]),
    flushesMax: prng.pick([1, 2]),
    snapshotSlots: prng.pick([2, 5, 12, 256]),
    snapshotInlineBytesMax: prng.pick([0, 64, 32 * 1024]),
  }
}

export function drawSkew(prng: Prng): number {
  if (prng.chance(0.6)) return 0
  const sign = prng.chance(0.5) ? 1 : -1
  return sign * Math.round(prng.chance(0.3) ? CLOCK_OFF_MS : prng.magnitude(1, HOUR_MS))
}

function times<T>(count: number, make: (index: number) => T): T[] {
  return Array.from({ length: count }, (_, index) => make(index))
}
