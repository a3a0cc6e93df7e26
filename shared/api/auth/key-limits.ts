/** What a key may do within its scopes. */
export interface KeyLimits {
  /** A condition over the columns of the tables that it queries: other rows are not there for it. */
  readonly rowFilter?: string
  /** Queries that each process answers it, a second on average. */
  readonly queriesPerSecond?: number
}

/** The limits alone, without members that are not set. */
export function keyLimits({ rowFilter, queriesPerSecond }: KeyLimits): KeyLimits {
  return {
    ...(rowFilter === undefined ? {} : { rowFilter }),
    ...(queriesPerSecond === undefined ? {} : { queriesPerSecond }),
  }
}
