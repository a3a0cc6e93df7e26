/** A record's header: key as text, value as bytes or null. */
export interface RecordHeader {
  readonly key: string
  readonly value: Uint8Array | null
}

/**
 * Writes records, one after the other, into the RecordBatch under construction. Keys and values are given as ranges
 * of a buffer so that no object is made per record; a range with `start` −1 is null.
 */
export interface BatchBuilder {
  /** Records written so far. */
  readonly count: number
  /** Bytes of the batch so far, uncompressed, header included. */
  readonly sizeBytes: number
  add(
    source: Uint8Array,
    keyStart: number,
    keyEnd: number,
    valueStart: number,
    valueEnd: number,
    timestamp: number,
    headers?: readonly RecordHeader[],
  ): void
}
