/**
 * Records that an app brings along to show itself: the export `replay` of a file `replay.ts` beside the app file.
 * `millrace start` sends them once, in their order, as an idempotent producer that remembers how far it came;
 * `--no-replay` leaves them out. Every call must give the same records, for a position is a record's number.
 */
export interface Replay {
  /** The topic that takes the records, by name. */
  readonly topic: string
  /** How many records there are. */
  readonly count: number
  /** How long the whole takes, spread evenly, ms. */
  readonly durationMs: number
  /** The records' values from number `from` (the first is 0) on, each as the bytes of its JSON text. */
  values(from: number): AsyncIterable<Uint8Array> | Iterable<Uint8Array>
}

/** What is wrong with what a `replay.ts` exports as `replay`; undefined: nothing. */
export function replayFault(replay: unknown): string | undefined {
  if (typeof replay !== "object" || replay === null)
    return "replay: expected { topic, count, durationMs, values }"
  const { topic, count, durationMs, values } = replay as Partial<Record<keyof Replay, unknown>>
  if (typeof topic !== "string") return "replay.topic: expected a topic's name"
  if (!Number.isSafeInteger(count) || Number(count) < 0) return "replay.count: expected the number of records"
  if (!Number.isFinite(durationMs) || Number(durationMs) < 0)
    return "replay.durationMs: expected milliseconds"
  return typeof values === "function"
    ? undefined
    : "replay.values: expected a function of the first record's number"
}
