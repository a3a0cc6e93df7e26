/** The process's own clock and timers. Ages and deadlines are judged by the stores' dates, never by this clock. */
export interface Clock {
  /** Epoch ms of this process's clock, which may be skewed and may step. */
  now(): number
  /** Milliseconds from an arbitrary start, never going back: for measuring how long something took here. */
  elapsed(): number
  /** Resolves after `ms`; earlier (without error) when `signal` aborts. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>
}

/** Where anybody is served it is cryptographic: keys are made of its ids. */
export interface Random {
  /** An integer, 0 to `below` − 1; `below` ≤ 2^53. */
  integer(below: number): number
  /** A fresh id: 32 lower-case hexadecimal digits (128 bits). */
  id(): string
}

/** Hints that something may have changed. A hint may be lost, late or repeated: nothing depends on it but latency. */
export interface Wake {
  notify(topic: string): void
  /** Resolves to true on a hint for `topic`, to false after `ms` or when `signal` aborts. */
  wait(topic: string, ms: number, signal?: AbortSignal): Promise<boolean>
}

/** Everything that the engine may touch of the world. */
export interface Ports {
  readonly objects: import("./object-store.ts").ObjectStore
  readonly meta: import("./meta-store.ts").MetaStore
  readonly clock: Clock
  readonly random: Random
  readonly wake: Wake
}
