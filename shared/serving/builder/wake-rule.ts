import { FLUSH_AGE_MS, TAIL_LIMITS } from "./flush-rule.ts"

/** What is remembered of a table's partition between two wakes of its builder. */
export interface WakeMemory {
  /** Where counting began: the newest slot's base offset at the last wake. */
  readonly from: number
  /** The newest slot's base offset. */
  readonly newest: number
  /** Slots told of since the last wake. */
  readonly slots: number
  /** When the oldest of them was written, epoch ms; undefined while there is none. */
  readonly oldestMs?: number
}

/** A slot as its writing was told: by its key and time alone. */
export interface NewSlot {
  readonly base: number
  /** When it was written, epoch ms, by the store's clock. */
  readonly atMs: number
}

export interface WakeVerdict {
  readonly wake: boolean
  /** To be kept, unless the wake could not be handed over: then what was kept before, so that the next slot asks again. */
  readonly next: WakeMemory
}

/**
 * Records since the last wake that make one due. The flush rule counts 12,500 records or 2 MiB, and bytes are not told
 * here: at 1 KB a record it is due at these.
 */
export const WAKE_RECORDS = 2_000
/** Slots likewise: a twentieth of what the flush rule takes, since a slot may hold many or large records. */
export const WAKE_SLOTS = TAIL_LIMITS.slots / 2 / 20
/** Nothing waits longer while slots keep coming. The tick repairs sooner what stands still. */
export const WAKE_AGE_MS = FLUSH_AGE_MS / 24

/**
 * Whether new slots of a partition are worth a wake of a table's builder now. Pure. A partition that nothing is remembered of
 * is woken: what was missed is unknown, and one wake too many costs little. Slots may be told late, again, or out of
 * order: then there is a wake more or less, which the builder's own rule and the tick put right.
 */
export function judgeWake(memory: WakeMemory | undefined, told: readonly NewSlot[]): WakeVerdict {
  const newest = told.reduce((max, { base }) => Math.max(max, base), memory?.newest ?? 0)
  const earliest = told.reduce(
    (min, { atMs }) => Math.min(min, atMs),
    memory?.oldestMs ?? Number.POSITIVE_INFINITY,
  )
  const latest = told.reduce((max, { atMs }) => Math.max(max, atMs), 0)
  const counted: WakeMemory = {
    from: memory?.from ?? newest,
    newest,
    slots: (memory?.slots ?? 0) + told.length,
    ...(Number.isFinite(earliest) ? { oldestMs: earliest } : {}),
  }
  const isDue =
    newest - counted.from >= WAKE_RECORDS || counted.slots >= WAKE_SLOTS || latest - earliest >= WAKE_AGE_MS
  const wake = told.length > 0 && (memory === undefined || isDue)
  return { wake, next: wake ? { from: newest, newest, slots: 0 } : counted }
}
