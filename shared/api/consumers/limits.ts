/** Kafka REST's `consumer.instance.timeout.ms`: an instance that nobody asked for this long is gone. */
export const INSTANCE_IDLE_MS = 300_000

/** Its item says when that is; it is written anew once a quarter of the time has passed. */
export const INSTANCE_RENEW_MS = INSTANCE_IDLE_MS / 4

/** Partitions that an instance reads: 30 bytes each in its item, and each is asked for in every read. */
export const INSTANCE_PARTITIONS_MAX = 5_000

/** Kafka's `heartbeat.interval.ms`: a request for records looks after its group this long after the last one that did. */
export const BEAT_MS_MAX = 3_000

/** Kafka's `auto.commit.interval.ms`. */
export const AUTO_COMMIT_MS = 5_000

/** Kafka REST's bounds of `fetch.min.bytes`; the lower one stands for none. */
export const MIN_BYTES_MAX = 10_000_000

/** Between two looks for more, while there is less than `fetch.min.bytes`. */
export const MORE_PAUSE_MS = 100

/** Requests for one instance at once try so often to come after one another. */
export const CHANGE_TRIES_MAX = 20

/** Names of instances are part of items' keys. */
export const INSTANCE_NAME_LENGTH_MAX = 200
