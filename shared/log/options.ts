import { SNAPSHOT_INLINE_BYTES_MAX, SNAPSHOT_SLOTS } from "./limits.ts"

/** What depends on the home that a log runs in. */
export interface LogOptions {
  /** A slot's item carries its payload up to this many bytes in all. DynamoDB: 8 KB (billed per KB written). */
  readonly inlineItemBytesMax: number
  /** Payload bytes that one flush carries in slots; more lie in one object for all its partitions. */
  readonly inlineFlushBytesMax: number
  /** Above this many commits a second a partition's payloads go into objects. */
  readonly inlineCommitsPerSecMax: number
  /** Above this many payload bytes a second likewise: one key bears 1,000 write units a second. */
  readonly inlineBytesPerSecMax: number
  /** Flushes at once: with two, one is encoded and uploaded while the other waits for its slots. */
  readonly flushesMax: number
  /** How long a flush waits for company, ms. */
  readonly lingerMs: number
  /** How long to give way to each other writer of a partition before a put, in times of a put; 0: not at all. */
  readonly rivalWaitPuts: number
  /**
   * How long a topic's keyless records go to one partition: until its next flush, which spreads them; or as long as no
   * other process appends to it, so that processes of one request each keep out of each other's way.
   */
  readonly stickyUntil: "flush" | "rivals"
  /** A snapshot is due after this many slots. */
  readonly snapshotSlots: number
  /** A larger snapshot lies in an object. */
  readonly snapshotInlineBytesMax: number
  /** Whether readers end overdue transactions that stop them; a process that must not write leaves it to others. */
  readonly settles: boolean
}

/** What suits DynamoDB, and any backend until it says otherwise. */
export const DEFAULT_LOG_OPTIONS: LogOptions = {
  inlineItemBytesMax: 8 * 1024,
  // An object costs as much as 8 KB written, and a slot is paid for again when it is deleted: two full slots are what
  // the time that an upload takes is worth.
  inlineFlushBytesMax: 16 * 1024,
  inlineCommitsPerSecMax: 50,
  inlineBytesPerSecMax: 400 * 1024,
  flushesMax: 1,
  lingerMs: 0,
  // By simulation about four puts in ten are lost then, whether by 8 writers or by 64.
  rivalWaitPuts: 1.5,
  stickyUntil: "flush",
  snapshotSlots: SNAPSHOT_SLOTS,
  snapshotInlineBytesMax: SNAPSHOT_INLINE_BYTES_MAX,
  settles: true,
}
