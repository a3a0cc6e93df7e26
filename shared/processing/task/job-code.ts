import type { StartingOffsets } from "../../definition/job/graph.ts"
import type { JobDefinition } from "../../definition/job/job-definition.ts"
import type {
  EngineBatch,
  EngineInput,
  EngineOptions,
  LoadedRun,
  LoadFrom,
  Poison,
  WorkResult,
} from "../engine/engine.ts"
import type { JobItem } from "../jobs/job-item.ts"

/** What a runner knows of a source: plain data, so that the user's functions may live in another thread. */
export interface SourceFacts {
  /** Its place in the graph. */
  readonly place: number
  readonly uid: string
  readonly topics: readonly string[]
  readonly pattern?: { readonly source: string; readonly flags: string }
  readonly startingOffsets: StartingOffsets
  readonly bounded: boolean
  readonly idleAfterMs?: number
}

/** What a runner knows of a job's code: plain data. */
export interface JobFacts {
  readonly name: string
  /** As `jobDigest` has it. */
  readonly digest: string
  readonly sources: readonly SourceFacts[]
  /** Names of the topics that it writes to, dead letters included. */
  readonly outputs: readonly string[]
  /** The function sinks' places in the graph. */
  readonly functionSinks: readonly number[]
  readonly parallelism: JobDefinition["parallelism"]
  readonly poison: JobDefinition["poison"]
  /** Every source ends. */
  readonly bounded: boolean
}

/** What one engine is made for. */
export interface EngineRequest extends EngineOptions {
  readonly job: JobItem
  readonly task: number
  readonly producerId: number
}

type Awaitable<T> = T | Promise<T>

/** A task's computing side as a runner uses it: an engine in this thread or, through messages, in another. */
export interface EngineHandle {
  load(runs: readonly LoadedRun[], from: LoadFrom | undefined): Awaitable<void>
  addInputs(inputs: readonly EngineInput[]): Awaitable<void>
  /** Never throws for what a user's function does: that is a poison record. */
  work(batches: readonly EngineBatch[], now: number, skip: readonly Poison[]): Awaitable<WorkResult>
  writeGroups(from: number, to: number): Awaitable<Uint8Array>
  /** As of the end of the last call, bytes. */
  readonly stateBytes: number
  /** Lets go of what it holds: it is not used any more. */
  close?(): Awaitable<void>
}

/** Gives a secret's value by its name. Throws where there is none. */
export type ReadSecret = (name: string) => Promise<string>

/** A job's code at hand. */
export interface JobCode {
  readonly facts: JobFacts
  openEngine(request: EngineRequest): Awaitable<EngineHandle>
  /**
   * Gives records to a function sink. @param sink its place in the graph @param records packed (`state/packing.ts`)
   * @param id the same for the same records, however often they are given
   */
  callSink(sink: number, records: Uint8Array, id: string): Promise<void>
}
