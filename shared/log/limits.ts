export { NAME_AFTER_UPLOAD_MS, WRITE_AFTER_READ_MS } from "../storage/not-after.ts"

/** Offsets, producer ids and sequences are integers that a JSON number carries exactly. */
export const OFFSET_MAX = Number.MAX_SAFE_INTEGER

/** Clients' producer ids lie below this; tasks' and journal shards' reserved ids at or above it. */
export const RESERVED_PRODUCER_IDS = 2 ** 52

/** Kafka's largest producer epoch (int16). */
export const PRODUCER_EPOCH_MAX = 32_767

/** Kafka's sequence numbers are int32 and wrap round to 0. */
export const SEQUENCE_MODULUS = 2 ** 31

/** Entries of one slot: keeps a slot's fold and its item small. */
export const SLOT_ENTRIES_MAX = 32

/** Appends of one producer to one partition under way at once: as many as the fold remembers (Kafka's five). */
export const PRODUCER_APPENDS_KEPT = 5

/** Producers that one partition's fold remembers, reserved ids apart: bounds snapshots to about 1 MB. */
export const PRODUCERS_KEPT_MAX = 5_000

/** A producer is forgotten this long after its last slot, by commit time. */
export const PRODUCER_KEPT_MS = 24 * 3_600_000

/** A retired producer's tombstone stays this long, by commit time. */
export const TOMBSTONE_KEPT_MS = 24 * 3_600_000

/** A snapshot is due after this many slots … */
export const SNAPSHOT_SLOTS = 256
/** … or this many bytes of slot items, so that a cold writer reads at most a snapshot and two pages. */
export const SNAPSHOT_SLOT_BYTES = 1024 * 1024
/** A larger snapshot lies in an object, so that its item stays cheap to read and write. */
export const SNAPSHOT_INLINE_BYTES_MAX = 32 * 1024

/** A view this old by our own clock is read again before it is used: well inside `WRITE_AFTER_READ_MS`. */
export const VIEW_REREAD_MS = 10 * 60_000
/** Facts outside a partition's chain (the topic's name, its configuration) are read again after this long. */
export const TOPIC_REREAD_MS = 60_000
/** A request is not appended once it is this old. */
export const REQUEST_AGE_MAX_MS = 30 * 60_000
/** A request is answered `outcome_unknown` when its flush has not been resolved after this long. */
export const APPEND_TIMEOUT_MS = 25_000

/** Uncompressed bytes after which records that wait together go into a further batch: a fetch can cut there. */
export const BATCH_BYTES_TARGET = 1024 * 1024
/** A stored batch must fit a reply; requests and replies are 4 MB on every carrier. */
export const BATCH_BYTES_MAX = 4 * 1024 * 1024
/** Payload bytes of one flush: bounds memory and the object that one upload must get through. */
export const FLUSH_BYTES_MAX = 16 * 1024 * 1024
/** Bytes of appends that wait in one process; beyond it requests are refused (`overloaded`). */
export const QUEUED_BYTES_MAX = 128 * 1024 * 1024
/** Appends that wait for one partition; beyond it requests are refused (`overloaded`). */
export const QUEUED_APPENDS_MAX = 10_000

/**
 * Bytes of one slot's appends, unless a single one has more. Batches are at least half full unless their records are
 * large, so that this many bytes make at most 19 batches.
 */
export const SLOT_BYTES_TARGET = 9 * 1024 * 1024
/** Entries that a slot keeps for the shared batches of appends without a producer, when there are such. */
export const SHARED_ENTRIES = 20

/**
 * What of a journal is appended at once: it fits one slot, also beside the shared batches of others, so that it is
 * stored whole or not at all.
 */
export const JOURNALLED_BATCHES_MAX = SLOT_ENTRIES_MAX - SHARED_ENTRIES
/** Its bytes: less than a slot's, and what one delivery of Kinesis to a function can hold. */
export const JOURNALLED_BYTES_MAX = 6 * 1024 * 1024
/**
 * Records without a partition that wait elsewhere go to one for this long, and then to another: together they make
 * fewer slots, and in the end all partitions get their share.
 */
export const ASSIGNED_MS = 1_000
