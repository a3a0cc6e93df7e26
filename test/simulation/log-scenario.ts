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

/** Everything about a run that its seed decides before it begins. */
export interface LogScenario {
  readonly faults: FaultPlan
  readonly options: Partial<LogOptions>
  readonly hosts: readonly HostSpec[]
  readonly topics: readonly TopicPlan[]
  readonly clients: readonly ClientSpec[]
  readonly readers: readonly ReaderSpec[]
  /** How often a client rests for hours, so that producers expire and views grow old. */
  readonly restChance: number
  /** Bytes of a record's value, at most. */
  readonly valueBytesMax: number
  /** At the end a slot is taken away: nobody may overlook it. */
  readonly damage: boolean
}

export function drawScenario(prng: Prng): LogScenario {
  const topics = drawTopics(prng.fork("topics"))
  const names = topics.map(({ name }) => name)
  const clients = times(2 + prng.integer(4), () => drawClient(prng, names))
  const readers = times(1 + prng.integer(3), () => ({
    topic: prng.pick(names),
    fetches: 4 + prng.integer(16),
    tails: prng.chance(0.5),
  }))
  return {
    faults: drawFaults(prng.fork("faults")),
    options: drawOptions(prng.fork("options")),
    hosts: times(2 + prng.integer(3), index => ({ name: `h${index + 1}`, skewMs: drawSkew(prng) })),
    topics,
    clients,
    readers,
    restChance: prng.pick([0, 0, 0.02, 0.1]),
    valueBytesMax: prng.pick([10, 200, 1_500]),
    damage: prng.chance(0.15),
  }
}

function drawTopics(prng: Prng): TopicPlan[] {
  return ["a", "b"].slice(0, 1 + prng.integer(2)).map(name => ({
    name,
    partitions: 1 + prng.integer(3),
    recreations: prng.chance(0.3) ? 1 + prng.integer(3) : 0,
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

function drawFaults(prng: Prng): FaultPlan {
  const plan = drawFaultPlan(prng)
  const held = prng.chance(0.3)
  return {
    ...plan,
    lateMsMax: held ? HELD_MS : plan.lateMsMax,
    slowMsMax: prng.chance(0.1) ? HELD_MS : plan.slowMsMax,
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

function drawSkew(prng: Prng): number {
  if (prng.chance(0.6)) return 0
  const sign = prng.chance(0.5) ? 1 : -1
  return sign * Math.round(prng.chance(0.3) ? CLOCK_OFF_MS : prng.magnitude(1, HOUR_MS))
}

function times<T>(count: number, make: (index: number) => T): T[] {
  return Array.from({ length: count }, (_, index) => make(index))
}
