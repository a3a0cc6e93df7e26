import type { Fault, Faults, StoreCall } from "../../shared/storage/memory/faults.ts"

interface Rule {
  readonly matches: (call: StoreCall) => boolean
  readonly fault: Fault | undefined
  readonly until: Promise<void> | undefined
  readonly met: () => void
}

/** Faults at a test's command, each for the next call that matches. */
export class ScriptedFaults implements Faults {
  readonly #rules: Rule[] = []

  async before(call: StoreCall): Promise<Fault | undefined> {
    const index = this.#rules.findIndex(({ matches }) => matches(call))
    if (index < 0) return undefined
    const [rule] = this.#rules.splice(index, 1) as [Rule]
    rule.met()
    await rule.until
    return rule.fault
  }

  /** The next call that matches meets the fault. */
  strike(matches: (call: StoreCall) => boolean, fault: Fault): void {
    this.#rules.push({ matches, fault, until: undefined, met: () => {} })
  }

  /** The next call that matches waits before the store until `release`; `met` resolves once it has come. */
  hold(matches: (call: StoreCall) => boolean): { readonly met: Promise<void>; release(): void } {
    const met = Promise.withResolvers<void>()
    const until = Promise.withResolvers<void>()
    this.#rules.push({ matches, fault: undefined, until: until.promise, met: met.resolve })
    return { met: met.promise, release: () => until.resolve() }
  }
}

/** A write of an item whose `pk/sk` begins so. */
export const putOf = (prefix: string) => (call: StoreCall) =>
  call.store === "meta" && call.operation === "put" && call.key.startsWith(prefix)

/** A read of an item whose `pk/sk` begins so. */
export const getOf = (prefix: string) => (call: StoreCall) =>
  call.store === "meta" && call.operation === "get" && call.key.startsWith(prefix)

/** A read of one item or of several, whose `pk/sk` (the first one's) begins so. */
export const readOf = (prefix: string) => (call: StoreCall) =>
  call.store === "meta" && !call.write && call.key.startsWith(prefix)

export const uploads = (call: StoreCall) => call.store === "objects" && call.operation === "put"
export const transacts = (call: StoreCall) => call.operation === "transact"
