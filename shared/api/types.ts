import type { TableSpec } from "../definition/table-spec.ts"
import type { Log, Owner } from "../log/types.ts"
import type { JobView, SavepointView } from "../processing/jobs/job-view.ts"
import type { Quota } from "../serving/query/rate.ts"
import type { ResultStore } from "../serving/query/result-store.ts"
import type { RunningQuery } from "../serving/query/running.ts"
import type { ResultFormat } from "../serving/query/serialize-reply.ts"
import type { SegmentPointer } from "../serving/segment/segment-key.ts"
import type { ParameterValue } from "../serving/sql/parameters.ts"
import type { Journal } from "../storage/journal.ts"
import type { Authenticator, Caller, DeadLetters, KeyStore, RequestHead } from "./auth/types.ts"
import type { RestConsumers } from "./consumers/rest-consumers.ts"
import type { Quotas } from "./quotas.ts"

/** A request as any carrier hands it over: a Node server, a function behind a gateway, a test. */
export interface ApiRequest {
  readonly method: string
  /** As sent, percent-encoded, without the query. */
  readonly path: string
  /** As sent, without the question mark; empty when there is none. */
  readonly query: string
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string | undefined>>
  /** At most `BODY_BYTES_MAX`; a carrier refuses more before it has read it. */
  readonly body: Uint8Array
  /**
   * Who sent it, where the carrier itself has proof of that, as a gateway that checks AWS's signatures has. Never taken
   * from anything that the client wrote.
   */
  readonly caller?: Caller
  /** Aborts when nobody waits for the answer any more. */
  readonly signal?: AbortSignal
}

/** What a carrier writes. Pieces are written one after the other. */
export interface ApiResponse {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: string | Uint8Array | readonly Uint8Array[]
}

/** The tables that can be asked about, and how they are made, altered and dropped. */
export interface TableDirectory {
  /** The specs of all tables, by name in ascending order. */
  list(): Promise<readonly TableSpec[]>
  /** Undefined: no such table. */
  get(name: string): Promise<TableSpec | undefined>
  /** How far a table is and what it left out and why, as plain data; undefined: no such table. */
  status?(name: string): Promise<object | undefined>
  /** What a table is as it stands; undefined: no such table. */
  view?(name: string): Promise<TableView | undefined>
  /** Of every partition, or of one; undefined: no such table. */
  segments?(name: string, partition?: number): Promise<readonly PartitionSegments[] | undefined>
  /**
   * Makes a table, or gives one another definition.
   * @param options as `table()` takes them, topics by their names
   * Throws `TableError`, `LogError` (`unknown_topic`), `StorageError`.
   */
  define?(name: string, options: TableJson, how: "create" | "alter"): Promise<void>
  /** Gives all tables of a topic the partitions that it has grown by. Throws `TableError`, `LogError`, `StorageError`. */
  followTopic?(topic: { readonly id: string }): Promise<void>
  /** Throws `TableError`, `StorageError`. */
  drop?(name: string): Promise<void>
  /**
   * Erases the rows for which a condition is true: below the offsets given, by partition.
   * Throws `TableError`, `LogError`, `StorageError`.
   */
  purge?(name: string, where: string): Promise<{ readonly id: string; readonly ends: readonly number[] }>
}

/** A table's options as JSON brings them. */
export type TableJson = Readonly<Record<string, unknown>>

export interface TableView {
  readonly spec: TableSpec
  readonly owner: Owner
  readonly attached: boolean
  /** Another table is built anew, to take its place. */
  readonly rebuilding: boolean
  readonly partitions: number
  /** Counts the changes of its columns, from 1 on. */
  readonly schemaVersion: number
}

export interface PartitionSegments {
  readonly partition: number
  /** The next offset that is in no segment. */
  readonly position: number
  /** In the order of their offsets. */
  readonly segments: readonly SegmentPointer[]
}

/** Pinot's schemas, which its tables' configurations name. All throw `StorageError`. */
export interface SchemaStore {
  list(): Promise<readonly string[]>
  get(name: string): Promise<TableJson | undefined>
  put(name: string, schema: TableJson): Promise<void>
  /** Whether there was one. */
  remove(name: string): Promise<boolean>
}

export interface SqlRequest {
  readonly sql: string
  /** Pinot's query options, from `queryOptions`; those that are not known are ignored, as a Pinot broker does. */
  readonly options: Readonly<Record<string, string>>
  /** Values of the statement's `?` or `$1` to `$n`. */
  readonly parameters?: readonly ParameterValue[]
  /** Default: the whole reply as JSON. */
  readonly format?: ResultFormat
  /** The answer is kept, and its first rows are given. */
  readonly pageRows?: number
  readonly signal?: AbortSignal
  /**
   * The error for a table that the caller may not read. It is asked of every table that the statement names before any
   * is looked up, and what it gives is thrown; names that it refuses are not told either. Default: all may be read.
   */
  readonly refuses?: (table: string) => Error | undefined
  /** The condition of which rows of a table the caller may know. Default: all. */
  readonly rowFilter?: (table: string) => string | undefined
  readonly quota?: Quota
  /** Who may stop the query and read what is kept of it. */
  readonly owner?: string
}

export interface SqlReply {
  readonly body: string | Uint8Array
  /** `json` for every failure: the reply of a Pinot broker, with `exceptions`. */
  readonly format: ResultFormat
  readonly isFailed: boolean
}

/** Answers SQL as a Pinot broker does; failures of the query are inside its reply, as `exceptions`. */
export interface SqlService {
  /** Throws `QueryError` `too_many_requests`, and what `refuses` gave. */
  query(request: SqlRequest): Promise<SqlReply>
  /** The owner's queries that are being answered: by this process, or, in functions, for a second and more. */
  running?(owner: string): Promise<readonly RunningQuery[]>
  /** Stops the owner's query of that id, its own or the client's; false: there is none of those. */
  cancel?(id: string, owner: string): Promise<boolean>
  /** Answers that are kept for cursors. Default: the deployment keeps none. */
  readonly results?: Pick<ResultStore, "page" | "about" | "remove">
}

/** The jobs: what is seen of them and how they are steered. All throw `JobError`, `StorageError`. */
export interface JobService {
  /** All jobs, by name in ascending order; what their tasks do is left out. */
  list(): Promise<readonly Omit<JobView, "tasks" | "savepoints">[]>
  get(name: string): Promise<JobView>
  /** Seals the job's tasks; their state is kept. */
  pause(name: string): Promise<void>
  /** Goes on from where a pause, or a fault, ended. */
  /** @param skipMissing go on without records that were deleted before they were read */
  resume(name: string, options?: { readonly skipMissing?: boolean }): Promise<void>
  /** Pins the job's state as it is now. @param id default: a new one */
  savepoint(name: string, id?: string): Promise<SavepointView>
  /** Goes on from a savepoint: results that were given since then stay, and are given again. */
  restore(name: string, savepoint: string): Promise<void>
  /** Begins anew: without state, from the sources' starting offsets. */
  reset(name: string): Promise<void>
  /** Forgets a job that no app names any more, and its state. */
  remove(name: string): Promise<void>
}

/** What the routes stand on. */
export interface ApiServices {
  readonly log: Log
  readonly tables: TableDirectory
  readonly sql: SqlService
  /** Where Pinot's schemas wait for their tables. Default: the deployment takes none. */
  readonly schemas?: SchemaStore
  /** What `?ack=journal` hands records to. Default: the deployment has none. */
  readonly journal?: Journal
  /** Proves who sends requests; without it everybody may do everything, which is for loopback addresses alone. */
  readonly authenticate?: Authenticator
  readonly keys?: KeyStore
  readonly jobs?: JobService
  readonly deadLetters?: DeadLetters
  /** Consumer instances of Kafka REST v2. Default: the deployment keeps none. */
  readonly consumers?: RestConsumers
  /** What keys and topics may have produced and consumed. Default: everything. */
  readonly quotas?: Quotas
  /** False while the process cannot serve. Default: always true. */
  readonly healthy?: () => boolean | Promise<boolean>
  /** Told of every failure that is no fault of the request: 500s, and stores that do not answer. */
  readonly onFailure?: (error: unknown, request: RequestHead) => void
}

export interface Api {
  /**
   * What a request is refused with for what it is and who sent it: what a carrier asks before it takes in a body from a
   * stranger. Undefined: go on with `handle`, which asks again. Never rejects.
   */
  refusal(head: RequestHead): Promise<ApiResponse | undefined>
  /** Never rejects: every failure is a response. */
  handle(request: ApiRequest): Promise<ApiResponse>
  /** Ends long polls, which then answer with what there is. */
  close(): void
}
