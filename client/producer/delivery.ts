import type { ClientError } from "../errors.ts"
import { type Deferred, deferred } from "../timing.ts"
import type { Delivered } from "../types.ts"

/** What becomes of a batch, which its records share. */
export interface BatchFate {
  readonly partition: number
  readonly done: Deferred<number>
}

/**
 * The promise of a record's place. It is light: nothing is made of it until somebody waits for it, and nobody has to. What
 * failed and was not waited for is told by `flush`.
 */
export class Delivery implements Promise<Delivered> {
  readonly [Symbol.toStringTag] = "Delivery"
  #fate: BatchFate | undefined
  #index = 0
  #failure: ClientError | undefined
  #placed: Deferred<void> | undefined

  /** The record is the batch's `index`th. */
  place(fate: BatchFate, index: number): void {
    this.#fate = fate
    this.#index = index
    this.#placed?.resolve()
  }

  /** Its partition, once it is in a batch. */
  get partition(): number | undefined {
    return this.#fate?.partition
  }

  fail(error: ClientError): void {
    this.#failure = error
    this.#placed?.resolve()
  }

  async #settled(): Promise<Delivered> {
    if (this.#fate === undefined && this.#failure === undefined) {
      this.#placed ??= deferred<void>()
      await this.#placed.promise
    }
    if (this.#failure !== undefined) throw this.#failure
    const { partition, done } = this.#fate as BatchFate
    const base = await done.promise
    return { partition, offset: base < 0 ? -1 : base + this.#index }
  }

  // biome-ignore lint/suspicious/noThenProperty: it is a promise
  then<A = Delivered, B = never>(
    onDelivered?: ((delivered: Delivered) => A | PromiseLike<A>) | null,
    onFailed?: ((error: ClientError) => B | PromiseLike<B>) | null,
  ): Promise<A | B> {
    return this.#settled().then(onDelivered, onFailed)
  }

  catch<B = never>(onFailed?: ((error: ClientError) => B | PromiseLike<B>) | null): Promise<Delivered | B> {
    return this.#settled().catch(onFailed)
  }

  finally(onSettled?: (() => void) | null): Promise<Delivered> {
    return this.#settled().finally(onSettled)
  }
}
