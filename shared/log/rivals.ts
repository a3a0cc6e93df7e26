import type { Ports } from "../storage/time.ts"
import { APPEND_TIMEOUT_MS } from "./limits.ts"

/** A slot this fresh, by the store's date, tells of a writer that is at it now; it is believed for as long. */
const RIVAL_KEPT_MS = 10_000
/** A slot this fresh tells of a writer that may come back: a look before the next put is cheaper than a lost put. */
const OTHERS_KEPT_MS = 60_000
/** Digits of a commit id that tell whose it is; the other 24 are random. */
const MARK_DIGITS = 8
/** What a put is taken to last before one was timed. */
const PUT_MS_GUESS = 10
/** A put that took longer tells of a fault or a freeze, not of the way to the store. */
const PUT_MS_MAX = 1_000
/** How much the latest put counts in the mean of their times. */
const PUT_WEIGHT = 1 / 8
/** Commits are counted over about so long. */
const STRETCH_MS = 4_000
/** Commits in the time of a put, as a mean: below the first, of seven puts one is lost at most, and nobody gives way … */
const CROWDED_MIN = 0.15
/** … from the second on everybody does in full. */
const CROWDED_FULL = 0.35
/** Losses in a row after which a wait grows no more: one unlucky start must not cost a writer its turn for seconds. */
const LOSSES_MAX = 6
/** One wait: enough for some two hundred writers at 10 ms a put; beyond that the topic wants partitions. */
const WAIT_MS_MAX = 5_000
/** Who has waited this long waits no more, well before its client is told that the outcome is unknown. */
const PATIENCE_MS = APPEND_TIMEOUT_MS / 2

/**
 * Who else appends to a partition, as its slots tell, and how long to give way to them.
 *
 * A put is lost if another's was applied between the read that it rests on and itself, about one put's time. So the
 * share of lost puts depends on commits per put time alone, and writers that each wait for a random time in
 * proportion to their number keep it below a half however many they are. The number is what all can see and agree on:
 * the distinct marks in the commit ids of the latest slots. Waits that follow a writer's own luck instead (exponential
 * back-off) let one that has won win again, since it alone knows the end.
 *
 * Where commits are rare nobody waits, and where slots are only one's own nothing is read either.
 */
export class Rivals {
  readonly #clock: Ports["clock"]
  readonly #random: Ports["random"]
  readonly #mark: string
  readonly #waitPuts: number
  /** By mark: own-clock ms when a slot of it was folded. */
  readonly #seen = new Map<string, number>()
  /** Others' slots lie between our latest two, or after our latest. */
  #others = false
  #foreign = 0
  #losses = 0
  #putMs: number | undefined
  /** Slots that were committed, ours and others', in the present and the previous stretch. */
  #stretch = Number.NEGATIVE_INFINITY
  #committed = 0
  #committedBefore = 0

  /**
   * @param mark this process's, of `MARK_DIGITS`
   * @param waitPuts how long to wait for each rival on average, in times of a put; 0: never
   */
  constructor(ports: Pick<Ports, "clock" | "random">, mark: string, waitPuts: number) {
    this.#clock = ports.clock
    this.#random = ports.random
    this.#mark = mark
    this.#waitPuts = waitPuts
  }

  /** A fresh commit id with this process's mark. */
  commitId(): string {
    return this.#mark + this.#random.id().slice(MARK_DIGITS)
  }

  /** A slot was folded; `date` is the store's of the read or write that told of it. */
  saw(commitId: string, commitTime: number, date: number): void {
    const mark = commitId.slice(0, MARK_DIGITS)
    if (mark === this.#mark || date - commitTime > OTHERS_KEPT_MS) return
    this.#others = true
    this.#foreign++
    if (date - commitTime > RIVAL_KEPT_MS) return
    this.#seen.set(mark, this.#clock.elapsed())
    if (date - commitTime <= STRETCH_MS) this.#count()
  }

  #count(): void {
    this.#turn()
    this.#committed++
  }

  /** A put was won or lost, in this time, ms. */
  decided(won: boolean, tookMs: number): void {
    const ms = Math.min(tookMs, PUT_MS_MAX)
    this.#putMs = this.#putMs === undefined ? ms : this.#putMs + PUT_WEIGHT * (ms - this.#putMs)
    this.#losses = won ? 0 : Math.min(this.#losses + 1, LOSSES_MAX)
    if (!won) return
    this.#count()
    this.#others = this.#foreign > 0
    this.#foreign = 0
  }

  /** Whether the end is likely to have moved since it was last known. */
  expected(): boolean {
    return this.#waitPuts > 0 && (this.#others || this.present() > 0)
  }

  /** How many others append now; none, where nobody is to be given way to. */
  present(): number {
    if (this.#seen.size === 0 || this.#waitPuts === 0) return 0
    const oldest = this.#clock.elapsed() - RIVAL_KEPT_MS
    for (const [mark, at] of this.#seen) if (at < oldest) this.#seen.delete(mark)
    return this.#seen.size
  }

  /**
   * How long to give way before the next put, ms: a random time, 0 where nobody else is at it.
   * @param waitedMs how long what is to be put has waited already: the longer, the less it gives way
   */
  waitMs(waitedMs: number): number {
    const rivals = this.present()
    if (rivals === 0) return 0
    // Several losses in a row tell of more writers than have won a slot yet.
    const puts = Math.max(this.#waitPuts * rivals, 2 ** this.#losses - 1)
    const putMs = this.#putMs ?? PUT_MS_GUESS
    const meanMs = puts * putMs * this.#crowded(putMs) * Math.max(0, 1 - waitedMs / PATIENCE_MS)
    return meanMs === 0 ? 0 : this.#random.integer(Math.ceil(Math.min(2 * meanMs, WAIT_MS_MAX)) + 1)
  }

  /** How much of giving way the partition's commits call for, 0 to 1. */
  #crowded(putMs: number): number {
    const since = this.#turn()
    const committed = this.#committed + this.#committedBefore * (1 - since / STRETCH_MS)
    const commitsAPut = (committed / STRETCH_MS) * putMs
    const share = (commitsAPut - CROWDED_MIN) / (CROWDED_FULL - CROWDED_MIN)
    // Who loses again and again does not see how many there are, for they lose as well.
    return this.#losses > 1 ? 1 : Math.min(1, Math.max(0, share))
  }

  /** Begins a new stretch when the present one is over; returns how long it has lasted, ms. */
  #turn(): number {
    const now = this.#clock.elapsed()
    const past = now - this.#stretch
    if (past < STRETCH_MS) return past
    this.#committedBefore = past < 2 * STRETCH_MS ? this.#committed : 0
    this.#committed = 0
    this.#stretch = now
    return 0
  }
}

/** A process's mark, random. */
export function rivalMark(random: Ports["random"]): string {
  return random.id().slice(-MARK_DIGITS)
}
