export {
  type BatchBuilder,
  createBatchBuilder,
  type FinishedBatch,
  type FinishOptions,
  headersBytesMax,
  RECORD_OVERHEAD_BYTES_MAX,
  type RecordBatchBuilder,
  type RecordHeader,
} from "./batch-builder.ts"
export { type FilteredBatch, filterBatch } from "./batch-filter.ts"
export {
  BATCH_HEADER_BYTES,
  type BatchCodec,
  type BatchHeader,
  CODECS,
  checkBatchCrc,
  NO_PRODUCER_ID,
  patchBaseOffset,
  readBatchHeader,
  splitBatches,
} from "./batch-header.ts"
export { type VerifiedBatch, type VerifyOptions, verifyBatch } from "./batch-verify.ts"
export { checkAttributes, instantOf, invalidEvent } from "./cloud-attributes.ts"
export { cloudEvents } from "./cloud-events.ts"
export { DECODED_BYTES_MAX } from "./compression.ts"
export { markerBatch, readMarkerBatch, type TransactionMarker } from "./control-batch.ts"
export { cutPayload, FRAMED_TYPE, type Frame, framePieces, readFrame, writeFrame } from "./frames.ts"
export { JSON_DEPTH_MAX } from "./json-scanner.ts"
export { type KafkaRecordsOptions, kafkaRecords } from "./kafka-records.ts"
export type { RecordFormat } from "./kafka-values.ts"
export { murmur2, partitionForKey } from "./murmur2.ts"
export { crc32c } from "./native.ts"
export { type NdjsonOptions, ndjsonRecords } from "./ndjson-records.ts"
export { groupRecords, type ParsedRecords, type RecordGroup, type RecordsTarget } from "./parsed-records.ts"
export {
  type DecodedRecord,
  decodeRecords,
  forEachRecord,
  RecordCursor,
  type RecordVisitor,
  recordHeaders,
} from "./record-cursor.ts"
export { RecordColumns } from "./record-ranges.ts"
