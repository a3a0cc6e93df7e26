/** What a key may do within its scopes. */
export interface KeyLimits {
  /** A condition over the columns of the tables that it queries: other rows are not there for it. */
  readonly rowFilter?: string
  /** Queries that each process answers it, a second on average. */
  readonly queriesPerSecond?: number
  /** What each process takes in from it and gives to it, a second on average. */
  readonly produceBytesPerSecond?: number
  readonly produceRequestsPerSecond?: number
  readonly consumeBytesPerSecond?: number
  readonly consumeRequestsPerSecond?: number
}

/** The limits that are rates, in the order in which they are shown. */
export const KEY_RATES = [
  "queriesPerSecond",
  "produceBytesPerSecond",
  "produceRequestsPerSecond",
  "consumeBytesPerSecond",
  "consumeRequestsPerSecond",
] as const satisfies readonly (keyof KeyLimits)[]

/** The limits alone, without members that are not set. */
export function keyLimits({ rowFilter, ...limits }: KeyLimits): KeyLimits {
  const rates = KEY_RATES.flatMap(name => (limits[name] === undefined ? [] : [[name, limits[name]] as const]))
  return { ...(rowFilter === undefined ? {} : { rowFilter }), ...Object.fromEntries(rates) }
}
