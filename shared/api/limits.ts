/** Bodies, compressed or not, and replies: a function's 6 MB payload holds 4 MB in base64 with room for its envelope. */
export const BODY_BYTES_MAX = 4 * 1024 * 1024

/** Where a reply is cut; it always holds one record or batch, so that a consumer can go on. */
export const REPLY_BYTES_MAX = 4 * 1024 * 1024

/** Above this even a lone record is refused: what a function may answer, less room for headers. */
export const LONE_RECORD_BYTES_MAX = 5.75 * 1024 * 1024

/** What one fetch answers when the client names no bound: a few milliseconds' work, and most topics' whole backlog. */
export const FETCH_BYTES_DEFAULT = 1024 * 1024

/** Gateways end a request after 29 or 30 s; the longest wait stays below. */
export const WAIT_MS_MAX = 25_000

/** Kafka REST's default of `consumer.request.timeout.ms`. */
export const WAIT_MS_DEFAULT = 1_000

/** Topics whose partitions nobody counted get one: order is what a newcomer expects. */
export const PARTITIONS_DEFAULT = 1

/** SQL longer than this is no query that a person or a dashboard wrote. */
export const SQL_LENGTH_MAX = 256 * 1024

/** Faults listed in one error: enough to mend a request at once, bounded for a hostile one. */
export const FAULTS_MAX = 20

/** A producer's epoch is an int16 in a record batch, its sequence an int32. */
export const PRODUCER_EPOCH_MAX = 32_767
export const PRODUCER_SEQUENCE_MAX = 2_147_483_647
export const PRODUCER_ID_LENGTH_MAX = 256

/** Batches of one request: more than a partition's flush takes would wait for the next ones. */
export const BATCHES_MAX = 32

/** Batches of one framed request, and partitions of one fetch: each is a slot written, or a partition looked at. */
export const FRAMED_BATCHES_MAX = 1_000

/** Records that are answered one by one: 75 bytes each stay within a reply. */
export const REPLIED_RECORDS_MAX = 50_000

/** Segments listed in one reply: some 150 bytes each stay within it. */
export const SEGMENTS_SHOWN_MAX = 20_000
