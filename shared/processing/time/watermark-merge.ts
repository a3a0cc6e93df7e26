/** How far event time has come on one of several inputs. */
export interface InputTime {
  watermark: number
  idle: boolean
  /** Nothing comes any more: it holds nobody back. */
  ended: boolean
}

export function inputTime(): InputTime {
  return { watermark: Number.NEGATIVE_INFINITY, idle: false, ended: false }
}

/** What several inputs come to. */
export interface MergedTime {
  readonly watermark: number
  readonly idle: boolean
  readonly ended: boolean
}

/**
 * Merges the partitions of a source (Flink's `CombinedWatermarkStatus`): the least watermark of those that are neither
 * idle nor ended; all idle: idle, and the watermark stays. It never goes back.
 */
export class SplitMerge {
  #watermark: number

  constructor(watermark: number = Number.NEGATIVE_INFINITY) {
    this.#watermark = watermark
  }

  merge(inputs: Iterable<InputTime>): MergedTime {
    let least = Number.POSITIVE_INFINITY
    let active = 0
    let open = 0
    for (const { watermark, idle, ended } of inputs) {
      if (ended) continue
      open++
      if (idle) continue
      active++
      if (watermark < least) least = watermark
    }
    if (active > 0 && least > this.#watermark) this.#watermark = least
    return { watermark: this.#watermark, idle: open > 0 && active === 0, ended: open === 0 }
  }
}

/**
 * Merges the inputs of an operator (Flink's `StatusWatermarkValve`): an input that comes back from idleness counts only
 * once it has caught up with what was given; when all go idle and the last one held the least, the greatest is given
 * first. An input that ends holds nobody back, and what it came to at its end does not count. It never goes back.
 */
export class Valve {
  readonly #inputs: readonly InputTime[]
  readonly #aligned: boolean[]
  #watermark: number

  constructor(count: number, watermark: number = Number.NEGATIVE_INFINITY) {
    this.#inputs = Array.from({ length: count }, inputTime)
    this.#aligned = this.#inputs.map(() => true)
    this.#watermark = watermark
  }

  /** As it stood, from what its inputs and itself had come to. Of those, the ones that count are the ones that keep up. */
  static restored(inputs: readonly Readonly<InputTime>[], watermark: number): Valve {
    const valve = new Valve(inputs.length, watermark)
    for (const [index, input] of inputs.entries()) {
      Object.assign(valve.#inputs[index] as InputTime, input)
      valve.#aligned[index] = !input.idle && !input.ended && input.watermark >= watermark
    }
    return valve
  }

  /** Takes an input's watermark, which is ignored while the input is idle or where it is no higher. */
  watermark(index: number, watermark: number): void {
    const input = this.#inputs[index] as InputTime
    if (input.idle || input.ended || watermark <= input.watermark) return
    input.watermark = watermark
    if (!this.#aligned[index] && watermark >= this.#watermark) this.#aligned[index] = true
    this.#advance()
  }

  idle(index: number, idle: boolean): void {
    const input = this.#inputs[index] as InputTime
    if (input.idle === idle || input.ended) return
    input.idle = idle
    if (idle) {
      this.#aligned[index] = false
      if (this.#open().every(other => other.idle)) {
        // The last one held all others back: what they had come to counts now.
        if (input.watermark === this.#watermark)
          this.#raise(Math.max(...this.#open().map(other => other.watermark)))
      } else if (input.watermark === this.#watermark) this.#advance()
      return
    }
    this.#aligned[index] = input.watermark >= this.#watermark
  }

  end(index: number): void {
    const input = this.#inputs[index] as InputTime
    if (input.ended) return
    input.ended = true
    this.#aligned[index] = false
    const open = this.#open()
    if (open.length > 0 && open.every(other => other.idle)) {
      // As if it had gone idle last.
      if (!input.idle && input.watermark === this.#watermark)
        this.#raise(Math.max(...open.map(other => other.watermark)))
    } else this.#advance()
  }

  get merged(): MergedTime {
    const open = this.#open()
    const idle = open.length > 0 && open.every(other => other.idle)
    return { watermark: this.#watermark, idle, ended: open.length === 0 }
  }

  #open(): InputTime[] {
    return this.#inputs.filter(input => !input.ended)
  }

  #advance(): void {
    let least = Number.POSITIVE_INFINITY
    for (const [index, input] of this.#inputs.entries()) {
      if (this.#aligned[index] && input.watermark < least) least = input.watermark
    }
    if (least !== Number.POSITIVE_INFINITY) this.#raise(least)
  }

  #raise(watermark: number): void {
    if (watermark > this.#watermark) this.#watermark = watermark
  }
}
