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
