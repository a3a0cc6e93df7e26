export { Admin } from "./admin/admin.ts"
export type {
  CreatedTopic,
  GroupDescription,
  GroupLag,
  GroupListing,
  GroupState,
  NewTopic,
  OffsetReset,
  TopicDescription,
  TransactionDescription,
} from "./admin/types.ts"
export type { ConnectionOptions } from "./connection.ts"
export { Consumer, type PartitionAssignment } from "./consumer/consumer.ts"
export type { Subscription } from "./consumer/membership.ts"
export type { CommittedOffset, OffsetCommit } from "./consumer/offsets.ts"
export type { ConsumerOptions, RebalanceListener } from "./consumer/options.ts"
export type { FetchFunction } from "./edge/fetch-transport.ts"
export type { Codec } from "./edge/natives.ts"
export { ClientError, type ClientErrorCode } from "./errors.ts"
export type { ProducerOptions } from "./producer/options.ts"
export { Producer } from "./producer/producer.ts"
export type { OffsetSource, Transaction, TransactionOffset } from "./producer/transaction.ts"
export type { ConsumerRecord } from "./records/consumer-record.ts"
export type { FetchedBatch } from "./records/fetched-batch.ts"
export type { Bytes, Delivered, OutgoingRecord, Place, RecordHeaders, TopicPartition } from "./types.ts"
