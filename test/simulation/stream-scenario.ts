import type { LogOptions } from "../../shared/log/options.ts"
import { drawFaultPlan, type FaultPlan } from "./fault-plan.ts"
import { drawSkew, type HostSpec } from "./log-scenario.ts"
import type { Prng } from "./prng.ts"

const HOUR_MS = 3_600_000

export interface StreamTopic {
  readonly name: string
  readonly partitions: number
  readonly compacted: boolean
  readonly retentionMs?: number
  /** Times that it is deleted and made anew while clients use its name. */
  readonly recreations: number
  /** Partitions that are added meanwhile. */
  readonly growth: number
  /** Times that somebody cuts off its beginning. */
  readonly cuts: number
}

export interface StreamWriter {
  /** `plain`: without sequences, sent once; `large`, `small`: transactions of either shape. */
  readonly kind: "plain" | "idempotent" | "large" | "small"
  readonly operations: number
  /** Transactions take what they read from a group's topic, and commit its offsets with what they write. */
  readonly group?: string
}

export interface StreamReader {
  readonly topic: string
  readonly polls: number
  readonly isolation: "read_committed" | "read_uncommitted"
}

/** Members of one group, which come, go and die. */
export interface StreamGroup {
  readonly name: string
  readonly topics: readonly string[]
  readonly members: number
  readonly polls: number
  readonly assignor: "range" | "uniform" | "sticky"
  readonly statics: boolean
}

/** Everything about a run that its seed decides before it begins. */
export interface StreamScenario {
  readonly faults: FaultPlan
  readonly options: Partial<LogOptions>
  readonly hosts: readonly HostSpec[]
  readonly topics: readonly StreamTopic[]
  readonly writers: readonly StreamWriter[]
  readonly readers: readonly StreamReader[]
  readonly groups: readonly StreamGroup[]
  /** Steps of whoever keeps the log: roll-up, retention, compaction, overdue transactions. */
  readonly keepings: number
  /** How often somebody rests for hours, so that transactions and members are overdue and slots are old. */
  readonly restChance: number
}

export function drawStreamScenario(prng: Prng): StreamScenario {
  const topics = drawTopics(prng.fork("topics"))
  const names = topics.map(({ name }) => name)
  const groups = times(prng.integer(3), index => drawGroup(prng, `g${index + 1}`, names))
  return {
    faults: drawFaults(prng.fork("faults")),
    options: drawOptions(prng.fork("options")),
    hosts: times(2 + prng.integer(2), index => ({ name: `h${index + 1}`, skewMs: drawSkew(prng) })),
    topics,
    writers: times(2 + prng.integer(3), () => drawWriter(prng, groups)),
    readers: times(1 + prng.integer(2), () => ({
      topic: prng.pick(names),
      polls: 5 + prng.integer(15),
      isolation: prng.chance(0.75) ? ("read_committed" as const) : ("read_uncommitted" as const),
    })),
    groups,
    keepings: prng.pick([0, 5, 15]),
    restChance: prng.pick([0, 0.03, 0.1, 0.4]),
  }
}

function drawTopics(prng: Prng): StreamTopic[] {
  return ["a", "b"].slice(0, 1 + prng.integer(2)).map(name => ({
    name,
    partitions: 1 + prng.integer(3),
    compacted: prng.chance(0.25),
    ...(prng.chance(0.2) && { retentionMs: Math.round(prng.magnitude(HOUR_MS, 200 * HOUR_MS)) }),
    recreations: prng.chance(0.15) ? 1 : 0,
    growth: prng.chance(0.25) ? 1 + prng.integer(2) : 0,
    cuts: prng.chance(0.2) ? 1 + prng.integer(2) : 0,
  }))
}

function drawWriter(prng: Prng, groups: readonly StreamGroup[]): StreamWriter {
  const kind = prng.pick(["plain", "idempotent", "idempotent", "large", "large", "small", "small"] as const)
  const transactional = kind === "large" || kind === "small"
  const group = transactional && groups.length > 0 && prng.chance(0.4) ? prng.pick(groups).name : undefined
  return { kind, operations: Math.round(prng.magnitude(3, 15)), ...(group !== undefined && { group }) }
}

function drawGroup(prng: Prng, name: string, names: readonly string[]): StreamGroup {
  return {
    name,
    topics: prng.chance(0.5) ? names : [prng.pick(names)],
    members: 1 + prng.integer(3),
    polls: 6 + prng.integer(15),
    assignor: prng.pick(["range", "uniform", "sticky"]),
    statics: prng.chance(0.3),
  }
}

function drawFaults(prng: Prng): FaultPlan {
  const plan = drawFaultPlan(prng)
  return { ...plan, crash: prng.chance(0.5) ? plan.crash : 0.004 }
}

/** Bounds so low that a short run meets what lies beyond them. */
function drawOptions(prng: Prng): Partial<LogOptions> {
  return {
    inlineItemBytesMax: prng.pick([300, 700, 8 * 1024]),
    inlineCommitsPerSecMax: prng.pick([2, 50]),
    lingerMs: prng.pick([0, 0, 5]),
    flushesMax: prng.pick([1, 2]),
    snapshotSlots: prng.pick([2, 5, 12, 256]),
    snapshotInlineBytesMax: prng.pick([64, 32 * 1024]),
  }
}

function times<T>(count: number, make: (index: number) => T): T[] {
  return Array.from({ length: count }, (_, index) => make(index))
}
