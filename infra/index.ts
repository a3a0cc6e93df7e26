// What a CDK project imports as "millrace/cdk".
export { type AlarmRule, MillraceAlarms, type MillraceAlarmsProps } from "./constructs/alarms.ts"
export type { Authentication, JwtAuthentication } from "./constructs/authentication.ts"
export { MillraceDashboard, type MillraceDashboardProps } from "./constructs/dashboard.ts"
export { DeadLetters, type DeadLettersProps } from "./constructs/dead-letters.ts"
export { Deployment, type DeploymentProps } from "./constructs/deployment.ts"
export { FirstKey } from "./constructs/first-key.ts"
export {
  FUNCTION_DEFAULTS,
  type FunctionsSettings,
  MillraceFunctions,
  type MillraceFunctionsProps,
} from "./constructs/functions.ts"
export { MillraceGrants } from "./constructs/grants.ts"
export { MillraceApi, type MillraceApiProps } from "./constructs/http-api.ts"
export { type JobSettings, MillraceJobs, type MillraceJobsProps } from "./constructs/jobs.ts"
export { MillraceJournal, type MillraceJournalProps } from "./constructs/journal.ts"
export { LogDispatch, type LogDispatchProps } from "./constructs/log-dispatch.ts"
export { type JobMetric, type Measured, MillraceMetrics } from "./constructs/metrics.ts"
export { Millrace } from "./constructs/millrace.ts"
export type { MillraceProps } from "./constructs/millrace-props.ts"
export {
  type FunctionSettings,
  PlatformFunction,
  type PlatformFunctionOptions,
  type PlatformFunctionProps,
} from "./constructs/platform-function.ts"
export { MillraceStorage, type MillraceStorageProps } from "./constructs/storage.ts"
export { Tick, type TickProps } from "./constructs/tick.ts"
