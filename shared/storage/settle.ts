import { StorageError } from "./errors.ts"
import type { Condition, Item, MetaTable, TransactionStep } from "./meta-store.ts"
import type { Committed, Refused, StandingWrite, Unknown } from "./outcome.ts"
import type { Ports } from "./time.ts"

/** First pause before a write whose outcome is unknown, or that was throttled, is tried again … */
export const RETRY_PAUSE_MS = 20
/** … doubling up to this. */
export const RETRY_PAUSE_MAX_MS = 1_000
/** Times a read is tried before its caller is told that the store does not answer. */
export const READ_TRIES = 5
/** How long a write is tried before its caller is told that the outcome is unknown, unless it says otherwise. */
export const SETTLE_PATIENCE_MS = 10_000

type Retrying = Pick<Ports, "clock">

export interface SettleOptions {
  readonly notAfter: number
  readonly condition?: Condition
  /** Own-clock ms after which an undecided write is given up as `unknown`. Default `SETTLE_PATIENCE_MS`. */
  readonly patienceMs?: number
  readonly signal?: AbortSignal
  /** Called once, when the first try was neither committed nor refused for good. */
  readonly onUndecided?: () => void
}

/**
 * What a conditional write came to once its own retries are over. `refused` with reason `version` after an unknown
 * try does not tell whether ours was applied and then replaced: the caller reads on from what stands.
 */
export type Settled = Committed | Refused<Item> | Unknown

/** Doubling pauses between tries. */
export class Pause {
  readonly #clock: Ports["clock"]
  readonly #signal: AbortSignal | undefined
  #ms = RETRY_PAUSE_MS

  constructor(clock: Ports["clock"], signal?: AbortSignal) {
    this.#clock = clock
    this.#signal = signal
  }

  async wait(): Promise<void> {
    await this.#clock.sleep(this.#ms, this.#signal)
    this.#ms = Math.min(this.#ms * 2, RETRY_PAUSE_MAX_MS)
  }
}

/**
 * Puts an item under a condition until it is decided. An unknown try is repeated with the same bytes and version:
 * finding its own version standing, it has won (a hidden retry makes one's own success look like a loss). Past
 * `notAfter` nothing can be applied any more, so that a consistent read decides.
 */
export async function settlePut(
  ports: Retrying & Pick<Ports, "meta">,
  table: MetaTable,
  item: Item,
  options: SettleOptions,
): Promise<Settled> {
  const { condition, notAfter, signal } = options
  const attempt = () => ports.meta.put(table, item, { condition, notAfter })
  const look = async (): Promise<StandingWrite<Item>> => {
    const read = await readAgain(ports, () => ports.meta.get(table, item), signal)
    return { own: read.item?.version === item.version, standing: read.item, date: read.date }
  }
  return settle(ports, attempt, refused => refused.standing?.version === item.version, look, options)
}

/** Runs a transaction until it is decided; `mark` is a put of the transaction whose version tells that it is ours. */
export async function settleTransaction(
  ports: Retrying & Pick<Ports, "meta">,
  steps: readonly TransactionStep[],
  mark: { readonly table: MetaTable; readonly item: Item },
  options: SettleOptions & { readonly token: string },
): Promise<Committed | Refused<{ step: number; item: Item | undefined }> | Unknown> {
  const { notAfter, token, signal } = options
  const own = (standing: { item: Item | undefined } | undefined) =>
    standing?.item?.version === mark.item.version && standing.item.pk === mark.item.pk
  const look = async () => {
    const read = await readAgain(ports, () => ports.meta.get(mark.table, mark.item), signal)
    return {
      own: read.item?.version === mark.item.version,
      standing: { step: 0, item: read.item },
      date: read.date,
    }
  }
  const attempt = () => ports.meta.transact(steps, { notAfter, token })
  return settle(ports, attempt, refused => own(refused.standing), look, options)
}

async function settle<S>(
  ports: Retrying,
  attempt: () => Promise<Committed | Refused<S> | Unknown>,
  isOwn: (refused: Refused<S>) => boolean,
  look: () => Promise<StandingWrite<S>>,
  options: SettleOptions,
): Promise<Committed | Refused<S> | Unknown> {
  const pause = new Pause(ports.clock, options.signal)
  const giveUpAt = ports.clock.elapsed() + (options.patienceMs ?? SETTLE_PATIENCE_MS)
  let mayStand = false
  let undecided = false
  for (;;) {
    const answer = await attempt()
    if (answer.outcome === "committed") return answer
    if (answer.outcome === "refused") {
      if (isOwn(answer)) return { outcome: "committed", date: answer.date }
      if (answer.reason === "expired") return mayStand ? decide(await look()) : answer
      if (answer.reason === "exists" || answer.reason === "version") return answer
    } else {
      mayStand = true
    }
    if (!undecided) {
      undecided = true
      options.onUndecided?.()
    }
    if (options.signal?.aborted === true || ports.clock.elapsed() >= giveUpAt) {
      return answer.outcome === "unknown" || mayStand ? { outcome: "unknown", cause: answer } : answer
    }
    await pause.wait()
  }
}

function decide<S>(found: StandingWrite<S>): Committed | Refused<S> {
  if (found.own) return { outcome: "committed", date: found.date }
  return { outcome: "refused", reason: "expired", standing: found.standing, date: found.date }
}

/** Tries a read up to `READ_TRIES` times; throws the last `StorageError` (`unavailable`). */
export async function readAgain<T>(
  ports: Retrying,
  read: () => Promise<T>,
  signal?: AbortSignal,
): Promise<T> {
  const pause = new Pause(ports.clock, signal)
  for (let tries = 1; ; tries++) {
    try {
      return await read()
    } catch (error) {
      const again = error instanceof StorageError && error.retryable
      if (!again || tries >= READ_TRIES || signal?.aborted === true) throw error
      await pause.wait()
    }
  }
}
