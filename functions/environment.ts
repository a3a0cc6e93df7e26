/**
 * The functions, by name: each is `functions/<name>.ts`, exports `handler`, and is bundled alone. `process` is deployed once
 * for each job, with the job's code beside it.
 */
export const FUNCTION_NAMES = [
  "api",
  "query",
  "dispatch",
  "build",
  "process",
  "journal",
  "maintain",
  "deploy",
] as const
export type FunctionName = (typeof FUNCTION_NAMES)[number]

/** How callers may prove who they are, as `MILLRACE_AUTHENTICATION` carries it. */
export interface AuthenticationConfig {
  readonly apiKey: boolean
  /** API Gateway has checked the signature; only what came through its second API counts. */
  readonly iam: boolean
  readonly jwt?: {
    readonly issuer: string
    readonly audience: readonly string[]
    readonly scopesClaim: string
  }
}

/**
 * What the stack tells the functions, as environment variables: the one list that `infra` writes and `functions` reads.
 * Not every function has all of them.
 */
export interface FunctionEnvironment {
  readonly MILLRACE_APP: string
  readonly MILLRACE_STAGE: string
  readonly MILLRACE_BUCKET: string
  readonly MILLRACE_LOG_TABLE: string
  readonly MILLRACE_META_TABLE: string
  /** The journal's stream; absent without a journal. */
  readonly MILLRACE_STREAM?: string
  /** The function that builds segments: for `dispatch` and `maintain`. */
  readonly MILLRACE_BUILD_FUNCTION?: string
  /** The functions that run jobs, as JSON: job → function. For those that wake jobs; absent without jobs. */
  readonly MILLRACE_PROCESS_FUNCTIONS?: string
  /** URL of the queue of timers: for `process`. */
  readonly MILLRACE_TIMERS?: string
  /** The function that redrives dead letters: for `api`. */
  readonly MILLRACE_MAINTAIN_FUNCTION?: string
  /** URL of the queue of dead letters: for `journal` and `maintain`. */
  readonly MILLRACE_DEAD_LETTERS?: string
  /** `AuthenticationConfig` as JSON: for `api` and `query`. */
  readonly MILLRACE_AUTHENTICATION?: string
  /** The secrets that the job's sinks are given, as JSON: name → id. For `process`; absent without any. */
  readonly MILLRACE_SECRETS?: string
  /** `1`: every invocation logs what it asked of other services (the request ledger). */
  readonly MILLRACE_LEDGER?: string
}

/** What the stack tells `deploy` as properties of its custom resource. */
export interface DeployProperties {
  /** Where the definition lies: `AppDefinition` as JSON, not in the deployment's own bucket. */
  readonly DefinitionBucket: string
  readonly DefinitionKey: string
  /** SHA-256 of the definition, in hexadecimal: when it changes, the resource is updated. */
  readonly DefinitionDigest: string
  /** ARN of the secret that is the first key, as plain text; absent where keys are not accepted. */
  readonly FirstKeySecret?: string
}

/** What a job's function tells of the job, each a metric but for the watermark: `infra` reads them by these names. */
export interface JobFigures {
  readonly RecordsIn: number
  readonly RecordsOut: number
  /** Records too late for every window. */
  readonly LateDropped: number
  /** Records and timers that a function threw on, left out as the job's policy says. */
  readonly RecordsSkipped: number
  readonly Commits: number
  /** Of the largest commit, bytes. */
  readonly CommitBytes: number
  /** Of the slowest commit, ms. */
  readonly CommitTime: number
  /** The share of the time in which the busiest task worked, 0 to 1. */
  readonly BusyRatio: number
  /** Records that are there and not read, of the task that is furthest behind. */
  readonly Lag: number
  /** Of the task with the most state, bytes in memory. */
  readonly StateBytes: number
  /** The least of the tasks' watermarks, epoch ms: told beside the metrics, since it is none. Absent before the first. */
  readonly Watermark?: number
  /** How far that is behind the clock, ms. */
  readonly WatermarkLag?: number
}
