// What tests of jobs import as "millrace/testing".
export type { Poison, PoisonRecord, PoisonTimer } from "../engine/engine.ts"
export type { TaskCounters } from "../task/commit.ts"
export type { TestTimer } from "./inspect.ts"
export type { TestOutput, TestSideOutput } from "./results.ts"
export { shuffled } from "./shuffled.ts"
export {
  JobTestError,
  type PartitionChoice,
  type PushOptions,
  type TestJob,
  type TestJobOptions,
  testJob,
} from "./test-job.ts"
