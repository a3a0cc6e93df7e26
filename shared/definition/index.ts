// What an app file imports as "millrace".
export type { App, AppOptions, StageOverrides } from "./app.ts"
export { defineApp } from "./app.ts"
export type { ColumnOptions, ListType } from "./column-types.ts"
export type { Duration } from "./duration.ts"
export { DefinitionError, type Fault } from "./faults.ts"
export type { Aggregator, Aggregators, ResultsOf } from "./job/aggregators.ts"
export { approxCountDistinct } from "./job/approx-count-distinct.ts"
export * from "./job/builtin-aggregators.ts"
export type { StartingOffsets } from "./job/graph.ts"
export { defineJob, type Job, type JobOptions, type PoisonPolicy } from "./job/job.ts"
export { type PercentilesSketch, percentile, percentiles } from "./job/percentiles.ts"
export { type Secret, type Secrets, secret } from "./job/secret.ts"
export {
  type Delivery,
  type SinkBatch,
  type SinkFunction,
  type SinkOptions,
  sink,
  type TopicSinkOptions,
} from "./job/sinks.ts"
export { type FileOptions, from, fromCsv, fromNdjson, fromParquet, type SourceOptions } from "./job/source.ts"
export * from "./job/state.ts"
export type {
  KeyedStream,
  ProcessedStream,
  RecordInfo,
  Sink,
  Stream,
  UidOption,
  UpdatingStream,
  WindowContext,
  WindowedStream,
  WindowOptions,
} from "./job/stream.ts"
export * from "./job/watermarks.ts"
export * from "./job/windows.ts"
export { type Records, type RecordsOptions, records } from "./records.ts"
export type { Replay } from "./replay.ts"
export type { InputOf, StandardSchema } from "./standard-schema.ts"
export { type Table, table } from "./table.ts"
export type {
  BadRecords,
  DedupOptions,
  RollupAggregateOptions,
  RollupOptions,
  TableOptions,
  UpsertOptions,
} from "./table-options.ts"
export type { ColumnType, IndexKind, UpsertStrategy } from "./table-spec.ts"
export type { Topic, TopicOptions } from "./topic.ts"
export { topic } from "./topic.ts"
