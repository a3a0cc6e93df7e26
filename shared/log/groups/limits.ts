import { ITEM_BYTES_MAX } from "../../storage/meta-store.ts"

/** Kafka's `group.id`, member and instance ids have no bound but a string's; keys of items are at most 1,024 bytes. */
export const NAME_LENGTH_MAX = 256

/** Members of a group: their ids, 256 characters at most, take 250 KB of the group's item at worst. */
export const MEMBERS_MAX = 500
/** Partitions that a group reads: up to 5 bytes each in the group's item, and in a lone member's as often as it tells them. */
export const GROUP_PARTITIONS_MAX = 20_000
/** Topics that a group reads: about 50 bytes and the name each, in the group's item; each is looked at once a minute. */
export const GROUP_TOPICS_MAX = 1_000
/** The three together stay within a store's item, with room for its keys: a group of long names may be refused before. */
export const GROUP_BYTES_MAX = ITEM_BYTES_MAX - 16 * 1024

/** Names of a subscription: what one request carries with ease. */
export const SUBSCRIBED_TOPICS_MAX = 1_000
/** A pattern is tried on every topic's name. */
export const PATTERN_LENGTH_MAX = 256
/** Steps that a pattern comes to: a name of 100 characters takes at most 100 times as many. */
export const PATTERN_STEPS_MAX = 1_000

/** Kafka's bounds and default of `group.consumer.session.timeout.ms`. */
export const SESSION_MS_MIN = 6_000
export const SESSION_MS_MAX = 1_800_000
export const SESSION_MS_DEFAULT = 45_000
export const REBALANCE_MS_DEFAULT = 60_000
/** As long as a session may be. */
export const REBALANCE_MS_MAX = 1_800_000

/** Members that have nothing to change tell that they live this often … */
export const HEARTBEAT_MS = 10_000
/** … but three times a session at least: two heartbeats may be lost. */
export const HEARTBEATS_A_SESSION = 3
/** While partitions change hands: a handover takes a heartbeat of each of the two. */
export const HANDOVER_HEARTBEAT_MS = 1_000

/** Partitions that one heartbeat takes over; more come with the next: each is a write, and a request has its time. */
export const TAKEN_OVER_MAX = 500
/** Calls of a store at once, for one request. */
export const CALLS_MAX = 32
/** Members removed at once: a transaction has at most 100 steps. */
export const REMOVED_MAX = 50
/** Times that a change is tried anew when others change the same group: each time one of them succeeds. */
export const CHANGE_TRIES_MAX = 100

/** Kafka's `offset.metadata.max.bytes`. */
export const OFFSET_METADATA_BYTES_MAX = 4_096
/** Offsets of one request. */
export const OFFSETS_MAX = 5_000
/** Kafka's `offsets.retention.minutes`: committed offsets are kept this long after the group became empty. */
export const OFFSETS_RETENTION_MS = 7 * 24 * 3_600_000

/** What a process remembers of a partition's owner for the next commit is read anew after this long: commit times rest on it. */
export const OFFSET_KEPT_MS = 60_000
/** Offsets' items that a process remembers: a few hundred bytes each. */
export const OFFSETS_KEPT_MAX = 50_000
/** A group that a process has seen needs no look before a commit for this long. */
export const GROUP_KEPT_MS = 60_000
/** Groups that a process remembers. */
export const GROUPS_KEPT_MAX = 1_000

/** Groups that one step of maintenance looks at … */
export const EXPIRED_GROUPS_MAX = 50
/** … and offsets that it deletes: a write each. */
export const EXPIRED_OFFSETS_MAX = 500

/** How often a group's first member looks whether its topics have grown, are gone, or are there at last. */
export const TOPICS_LOOKED_MS = 60_000
/** All groups are looked at this often for what has expired: after a week, an hour more is little. */
export const EXPIRY_EVERY_MS = 3_600_000
