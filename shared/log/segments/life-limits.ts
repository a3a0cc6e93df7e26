/** Below this a segment is small: it waits a day before it is written, and is merged with its neighbours. */
export const SEGMENT_BYTES_MIN = 8 * 1024 * 1024
/** What one segment holds at the most, unless a single slot has more: what one process takes into memory at once. */
export const SEGMENT_BYTES_MAX = 64 * 1024 * 1024
/** Payload bytes that are rolled up at once, of all partitions together: half of what `maintain` has room for. */
export const ROLL_BYTES_MAX = 64 * 1024 * 1024
/** Slots of one partition that are rolled up at once: their items are in memory too. */
export const ROLL_SLOTS_MAX = 16_384
/** So many slots of a partition are rolled up however little they hold: each is read and deleted on its own. */
export const ROLL_SLOTS_DUE = 4_096
/** What was not rolled up for so long is, whatever its size. */
export const ROLL_AGE_MS = 24 * 3_600_000
/** … and what has waited half as long with it: they share flush objects, each of which is then read once. */
export const ROLL_COMPANY_AGE_MS = ROLL_AGE_MS / 2
/** A slot stays so long after the segment that holds its records: whoever has read an older index finds it. */
export const SLOT_GRACE_MS = 24 * 3_600_000
/** A flush's object stays so long below the first slot that is not rolled up. */
export const WAL_GRACE_MS = 24 * 3_600_000
/** What nothing names is deleted at this age: whoever uploaded it cannot name it any more. */
export const ORPHAN_AGE_MS = 24 * 3_600_000
/** A deleted topic's records can be read by its id for so long: tables drain it. */
export const PURGE_AFTER_MS = 24 * 3_600_000

/** Small neighbours that are merged into one: each byte is rewritten some ten times until it lies in a large segment. */
export const MERGE_SEGMENTS_MIN = 8
/** A merged segment spans at most this share of a topic's retention: it goes as a whole, and late by as much. */
export const MERGE_RETENTION_SHARE = 1 / 8

/** Partitions that are looked at together, and rolled up together. */
export const PARTITIONS_AT_ONCE = 256
/** … of which so many are read at the same time. */
export const READS_AT_ONCE = 16
/** A round through all partitions begins at most so often: what it finds is counted in hours, and a look is billed. */
export const ROUND_EVERY_MS = 3_600_000
/** … but after one that rolled something up at every tick: what comes fast is large soon. */
export const ROUND_BUSY_MS = 5 * 60_000
/** Flush objects, orphans and deleted topics are looked for at most so often: looking is billed. */
export const CHORES_EVERY_MS = 12 * 3_600_000
/** Slots deleted of one partition in a round, more than it gets between two of them; the rest is for the next one. */
export const SLOTS_DELETED_MAX = 100_000

/** Keys whose newest records one compaction run knows: 24 bytes each, at three quarters full. */
export const COMPACTION_KEYS_MAX = 1_000_000
