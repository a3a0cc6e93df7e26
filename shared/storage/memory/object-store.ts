import { joinBytes } from "../bytes.ts"
import {
  bodyPieces,
  checkDeletes,
  checkList,
  checkObjectKey,
  checkObjectPut,
  checkRange,
} from "../object-checks.ts"
import type {
  ByteRange,
  ListedObject,
  ObjectListing,
  ObjectPutOptions,
  ObjectRead,
  ObjectStore,
} from "../object-store.ts"
import type { RefusalReason, WriteOutcome } from "../outcome.ts"
import type { Faults, StoreCall } from "./faults.ts"
import { faultyRead, faultyWrite } from "./faults.ts"
import { lowerBound, upperBound } from "./item-table.ts"
import type { StoreWatch } from "./memory-stores.ts"

interface KeptObject {
  readonly body: Uint8Array
  readonly modified: number
}

/** What all clients of one memory store share. */
export class ObjectState {
  /** In ascending order. */
  readonly keys: string[] = []
  readonly objects = new Map<string, KeptObject>()
  readonly date: () => number
  readonly #watch: StoreWatch | undefined

  /** @param date the store's own time, epoch ms, which must never go back */
  constructor(date: () => number, watch?: StoreWatch) {
    this.date = date
    this.#watch = watch
  }

  set(key: string, body: Uint8Array): void {
    if (!this.objects.has(key)) this.keys.splice(lowerBound(this.keys, key), 0, key)
    const modified = this.date()
    this.objects.set(key, { body, modified })
    this.#watch?.object?.(key, body, modified)
  }

  delete(key: string): void {
    if (this.objects.delete(key)) this.keys.splice(lowerBound(this.keys, key), 1)
  }
}

/** One client of an `ObjectState`, with its own faults. */
export class MemoryObjectStore implements ObjectStore {
  readonly #state: ObjectState
  readonly #faults: Faults | undefined

  constructor(state: ObjectState, faults?: Faults) {
    this.#state = state
    this.#faults = faults
  }

  async put(
    key: string,
    body: Uint8Array | readonly Uint8Array[],
    options?: ObjectPutOptions,
  ): Promise<WriteOutcome> {
    checkObjectPut(key, options)
    const { ifAbsent, notAfter } = options ?? {}
    const pieces = bodyPieces(body)
    // A copy of the store's own: what the caller does to its bytes later is no write.
    const kept = pieces.length === 1 ? pieces[0]!.slice() : joinBytes(pieces)
    return await faultyWrite<undefined>(this.#faults, call("put", key), {
      apply: () => {
        const date = this.#state.date()
        if (notAfter !== undefined && date > notAfter) return { outcome: "refused", reason: "expired", date }
        if (ifAbsent && this.#state.objects.has(key)) return { outcome: "refused", reason: "exists", date }
        this.#state.set(key, kept)
        return { outcome: "committed", date }
      },
      refuse: reason => this.#refuse(reason),
    })
  }

  async get(key: string, range?: ByteRange): Promise<ObjectRead | undefined> {
    checkObjectKey(key)
    checkRange(range)
    const { start, end } = range ?? {}
    return await faultyRead(this.#faults, call("get", key), () => {
      const kept = this.#state.objects.get(key)
      return kept && { body: kept.body.slice(start, end), date: this.#state.date() }
    })
  }

  async deleteMany(keys: readonly string[]): Promise<WriteOutcome> {
    checkDeletes(keys)
    const asked = [...keys]
    const remove = (count: number) => {
      for (const key of asked.slice(0, count)) this.#state.delete(key)
    }
    return await faultyWrite<undefined>(this.#faults, call("delete", asked[0] ?? ""), {
      apply: () => {
        remove(asked.length)
        return { outcome: "committed", date: this.#state.date() }
      },
      applyPart: () => remove(Math.ceil(asked.length / 2)),
      refuse: reason => this.#refuse(reason),
    })
  }

  async list(prefix: string, options?: { after?: string; limit?: number }): Promise<ObjectListing> {
    const limit = checkList(prefix, options)
    const after = options?.after
    return await faultyRead(this.#faults, call("list", prefix), cutShort => {
      const { keys } = this.#state
      const first = lowerBound(keys, prefix)
      const from = after === undefined ? first : Math.max(first, upperBound(keys, after))
      const count = cutShort ? Math.ceil(limit / 2) : limit
      const listed: ListedObject[] = []
      let at = from
      for (; at < keys.length && listed.length < count && keys[at]!.startsWith(prefix); at++) {
        const { body, modified } = this.#state.objects.get(keys[at]!)!
        listed.push(Object.freeze({ key: keys[at]!, sizeBytes: body.byteLength, modified }))
      }
      const more = at < keys.length && keys[at]!.startsWith(prefix)
      const objects = Object.freeze(listed)
      const date = this.#state.date()
      return more ? { objects, next: listed.at(-1)!.key, date } : { objects, date }
    })
  }

  #refuse(reason: RefusalReason): WriteOutcome {
    return { outcome: "refused", reason, date: this.#state.date() }
  }
}

function call(operation: StoreCall["operation"], key: string): StoreCall {
  return { store: "objects", operation, write: operation === "put" || operation === "delete", key }
}
