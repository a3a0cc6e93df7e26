/** How long a transaction may be open, ms: what clients may ask for. Kafka's bounds of `transaction.timeout.ms`. */
export const TRANSACTION_TIMEOUT_MS_MIN = 1_000
export const TRANSACTION_TIMEOUT_MS_MAX = 900_000
/** Kafka's default. */
export const TRANSACTION_TIMEOUT_MS_DEFAULT = 60_000
/**
 * That a transaction is open and has a partition is known without a look for so long: longer none need be. A partition forgets
 * producers after a day, so that what comes later than that is refused by the item alone.
 */
export const REGISTERED_KEPT_MS = TRANSACTION_TIMEOUT_MS_MAX

/** UTF-8 bytes of a transactional id: it is part of an item's key. */
export const TRANSACTIONAL_ID_BYTES_MAX = 256

/** Bytes of the batches of a transaction that is committed at once: a request's. Items carry less, an object the rest. */
export const SMALL_TRANSACTION_BYTES_MAX = 4 * 1024 * 1024
/**
 * Partitions and offsets of a transaction that is committed at once: 100 steps are allowed to one of DynamoDB's, and the
 * producer's item and groups' fences take some.
 */
export const SMALL_TRANSACTION_ITEMS_MAX = 80
/** Offsets that one transaction commits, for the same reason. */
export const TRANSACTION_OFFSETS_MAX = 80
/** Groups of one transaction's offsets: each may add a step. */
export const TRANSACTION_GROUPS_MAX = 15

/** Partitions of one transaction: its item lists them and is written anew for each that is added. */
export const TRANSACTION_PARTITIONS_MAX = 5_000
/** The last epoch that is a transaction: its markers carry one more, the largest int16. The next has a new producer id. */
export const TRANSACTION_EPOCH_MAX = 32_766
/** Outcomes that an item keeps: a repeat of an older one's commit is refused as fenced. */
export const OUTCOMES_KEPT = 5

/** Markers that are written at once: more would only queue for the same stores. */
export const MARKERS_AT_ONCE = 64
/** A reader asks again for a transaction that stops it after this long. */
export const SETTLE_EVERY_MS = 1_000
/** Transactional ids that one step of maintenance looks at: a read each. */
export const OVERDUE_STEP_IDS = 200
/** A transactional id that nobody has used for this long is forgotten. Kafka's default of `transactional.id.expiration.ms`. */
export const TRANSACTIONAL_ID_KEPT_MS = 7 * 24 * 3_600_000
/** Transactional ids that a process keeps the items of: a restart of that many clients costs it a read each. */
export const TRANSACTIONS_CACHED_MAX = 10_000

/** Markers that a view remembers for its readers, and for each reader that catches up: some 100 bytes each. */
export const MARKERS_KEPT_MAX = 20_000
/** Readers of one partition that catch up at places of their own and are remembered. */
export const CATCH_UP_REGIONS_MAX = 4
