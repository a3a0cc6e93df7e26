import type { WriteOutcome } from "./outcome.ts"

/** A half-open byte range of an object: bytes `start` to `end - 1`. */
export interface ByteRange {
  readonly start: number
  readonly end: number
}

export interface ObjectPutOptions {
  /** Refuse (reason `exists`) when an object with this key stands already. Default: overwrite. */
  readonly ifAbsent?: boolean
  /** Store time (epoch ms) after which no backend may apply this put. Required by every conditional put. */
  readonly notAfter?: number
}

export interface ObjectRead {
  readonly body: Uint8Array
  /** The store's time of this response, epoch ms. */
  readonly date: number
}

export interface ListedObject {
  readonly key: string
  readonly sizeBytes: number
  /** Store time of the object's last write, epoch ms. */
  readonly modified: number
}

export interface ObjectListing {
  /** In ascending order of the key's UTF-8 bytes. */
  readonly objects: readonly ListedObject[]
  /** The key to continue after, when more may follow. */
  readonly next?: string
  readonly date: number
}

/**
 * Objects by key: S3, a folder, memory. A body may come in pieces, which are stored one after the other, so that
 * nobody has to join them first. Keys are 1 to 1,024 bytes of `[a-zA-Z0-9._/-]`, without empty, `.` or `..` parts,
 * each part (between slashes) at most 200 bytes. A range with `start` at or past the object's end reads no bytes.
 *
 * Reads throw `StorageError` (`unavailable`, retryable) when the store does not answer. Writes never throw for what
 * the store or the network does: every outcome is a value.
 */
export interface ObjectStore {
  put(
    key: string,
    body: Uint8Array | readonly Uint8Array[],
    options?: ObjectPutOptions,
  ): Promise<WriteOutcome>
  /** The object, or the bytes of `range` (clipped to the object's end), or undefined when there is no object. */
  get(key: string, range?: ByteRange): Promise<ObjectRead | undefined>
  /** Deletes up to `OBJECT_DELETES_MAX` keys; one that is absent already counts as deleted. */
  deleteMany(keys: readonly string[]): Promise<WriteOutcome>
  /** Up to `limit` (default and at most `OBJECT_LIST_PAGE`) objects under `prefix` whose keys follow `after`. */
  list(prefix: string, options?: { after?: string; limit?: number }): Promise<ObjectListing>
}

/** S3's bound of one DeleteObjects call. */
export const OBJECT_DELETES_MAX = 1_000
/** S3's bound of one ListObjectsV2 page. */
export const OBJECT_LIST_PAGE = 1_000
/** S3's bound of a key, in UTF-8 bytes. */
export const OBJECT_KEY_BYTES_MAX = 1_024
/** File systems bound a name to 255 bytes; a little is left for what a backend adds. */
export const OBJECT_KEY_PART_BYTES_MAX = 200
