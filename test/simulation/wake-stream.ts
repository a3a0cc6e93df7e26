import type { Prng } from "./prng.ts"
import type { World } from "./world.ts"

/** A slot's key as the stream tells it. */
export interface SlotRecord {
  readonly pk: string
  readonly sk: string
  /** The store's date at which it was put, epoch ms. */
  readonly at: number
}

/** How well hints travel: probabilities, unless a name says otherwise. */
export interface HintPlan {
  readonly lost: number
  readonly twice: number
  readonly late: number
  readonly lateMsMax: number
}

export const SOUND_HINTS: HintPlan = { lost: 0, twice: 0, late: 0, lateMsMax: 1 }

export function drawHintPlan(prng: Prng): HintPlan {
  return {
    lost: prng.pick([0, 0.1, 0.5, 1]),
    twice: prng.pick([0, 0.2, 0.5]),
    late: prng.pick([0, 0.2, 0.5]),
    lateMsMax: prng.pick([1_000, 120_000, 3 * 3_600_000]),
  }
}

/** A hint usually takes this long. */
const HINT_MS = 20

/** Passes a hint on: never, once, several times, now or hours later; two of them in any order, and both at once. */
export function passHint(world: World, prng: Prng, plan: HintPlan, arrive: () => void): void {
  if (prng.chance(plan.lost)) return
  for (let times = prng.chance(plan.twice) ? 2 : 1; times > 0; times--) {
    const late = prng.chance(plan.late)
    world.after(late ? prng.magnitude(HINT_MS, plan.lateMsMax) : prng.around(HINT_MS), arrive)
  }
}

/** Records of one delivery. */
const BATCH_MAX = 10
/** What is older when it would be delivered is dropped: the tick will have seen to it. */
const RECORD_AGE_MS_MAX = 60_000

/** The stream of new slots: shards in order, as far as nothing goes wrong. */
export class SlotStream {
  delivered = 0
  dropped = 0
  plan: HintPlan
  readonly #world: World
  readonly #prng: Prng
  readonly #waiting: SlotRecord[] = []
  readonly #deliver: (records: readonly SlotRecord[]) => void
  #scheduled = false

  constructor(world: World, plan: HintPlan, deliver: (records: readonly SlotRecord[]) => void) {
    this.#world = world
    this.#prng = world.prng.fork("stream")
    this.plan = plan
    this.#deliver = deliver
  }

  /** The store has put this. */
  add(record: SlotRecord): void {
    this.#waiting.push(record)
    if (this.#scheduled) return
    this.#scheduled = true
    this.#world.after(this.#prng.around(HINT_MS), () => this.#cut())
  }

  #cut(): void {
    this.#scheduled = false
    while (this.#waiting.length > 0) {
      const records = this.#waiting.splice(0, 1 + this.#prng.integer(BATCH_MAX))
      passHint(this.#world, this.#prng, this.plan, () => this.#arrive(records))
    }
  }

  #arrive(records: readonly SlotRecord[]): void {
    const young = records.filter(({ at }) => this.#world.now - at <= RECORD_AGE_MS_MAX)
    this.dropped += records.length - young.length
    if (young.length === 0) return
    this.delivered += young.length
    this.#deliver(young)
  }
}
