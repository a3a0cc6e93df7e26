import type { RefusalReason, Refused, WriteOutcome } from "../outcome.ts"
import type { StoreCall } from "./dated-handler.ts"
import { codeOf, readError, refusalOf, throwBrokenRule } from "./sdk-errors.ts"
import type { StoreDate } from "./store-date.ts"

/** Why a write was refused, as an error tells it, and what stands in its place. */
export interface Refusal<Standing> {
  readonly reason: RefusalReason
  readonly standing?: Standing
}

export interface WriteRequest<Standing> {
  readonly notAfter: number | undefined
  /** Sends it; everything that the caller gave has been copied. */
  send(call: StoreCall): Promise<unknown>
  /** The refusals that only this kind of write knows. */
  refusal(error: unknown): Refusal<Standing> | undefined
}

/** What both services have in common: dates, and what becomes of errors. */
export class Service {
  readonly #date: StoreDate
  readonly #ask: (call: StoreCall) => Promise<unknown>

  /** @param ask a cheap request, only made for its response's date; it may fail */
  constructor(date: StoreDate, ask: (call: StoreCall) => Promise<unknown>) {
    this.#date = date
    this.#ask = ask
  }

  /** The service's date of now, epoch ms. Throws what the request fails of, if there is no response. */
  async ask(): Promise<number> {
    const call: StoreCall = {}
    try {
      await this.#ask(call)
    } catch (error) {
      if (call.date === undefined) throw readError("date", error)
    }
    return call.date ?? this.#date.newest()
  }

  /** @throws StorageError `unavailable`; `invalid` where a repetition cannot help */
  async read<Answer>(
    what: string,
    send: (call: StoreCall) => Promise<Answer>,
  ): Promise<{ answer: Answer; date: number }> {
    const call: StoreCall = {}
    try {
      const answer = await send(call)
      return { answer, date: this.#dateOf(call) }
    } catch (error) {
      throw readError(what, error)
    }
  }

  async write<Standing>(request: WriteRequest<Standing>): Promise<WriteOutcome<Standing>> {
    const { notAfter } = request
    const call: StoreCall = { notAfter }
    try {
      if (notAfter !== undefined && (await this.#isPast(notAfter))) {
        return { outcome: "refused", reason: "expired", date: this.#date.newest() }
      }
      await request.send(call)
      return { outcome: "committed", date: this.#dateOf(call) }
    } catch (error) {
      const refusal = request.refusal(error) ?? plainRefusal(error)
      if (refusal !== undefined) return this.#refused(refusal, call)
      throwBrokenRule(codeOf(error), (error as Error).message)
      return { outcome: "unknown", cause: error }
    }
  }

  /** What is known may be old, or nothing: the service is asked before a write is refused for it. */
  async #isPast(notAfter: number): Promise<boolean> {
    if (!this.#date.isPast(notAfter)) return false
    await this.ask()
    return this.#date.isPast(notAfter)
  }

  #refused<Standing>(refusal: Refusal<Standing>, call: StoreCall): Refused<Standing> {
    const { reason, standing } = refusal
    const date = this.#dateOf(call)
    return standing === undefined
      ? { outcome: "refused", reason, date }
      : { outcome: "refused", reason, standing, date }
  }

  #dateOf(call: StoreCall): number {
    return call.date ?? this.#date.newest()
  }
}

function plainRefusal(error: unknown): Refusal<never> | undefined {
  const reason = refusalOf(error)
  return reason && { reason }
}
