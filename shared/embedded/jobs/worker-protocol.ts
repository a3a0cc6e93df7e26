import type { EngineBatch, LoadedRun } from "../../processing/engine/engine.ts"
import type { EngineHandle, EngineRequest, JobFacts } from "../../processing/task/job-code.ts"

/** What a job's thread is started with. */
export interface WorkerTask {
  /** Absolute path of the app file. */
  readonly file: string
  readonly stage: string
  readonly job: string
  /** Every source ends where its topics end now; files are topics. */
  readonly bounded?: boolean
}

/** Several byte arrays as one, so that one buffer changes threads. */
export interface Packed {
  readonly bytes: Uint8Array<ArrayBuffer>
  readonly lengths: readonly number[]
}

export type PackedBatch = Omit<EngineBatch, "batches"> & { readonly batches: Packed }

export type PackedRun = Omit<LoadedRun, "run">

type Parameters_<M extends keyof EngineHandle> = Parameters<
  Extract<EngineHandle[M], (...args: never) => unknown>
>

/** One call to a job's thread. `engine` names the task's engine. */
export type WorkerCall =
  | { readonly kind: "open"; readonly engine: number; readonly request: EngineRequest }
  | {
      readonly kind: "load"
      readonly engine: number
      readonly runs: readonly PackedRun[]
      readonly bytes: Packed
      readonly from: Parameters_<"load">[1]
    }
  | { readonly kind: "addInputs"; readonly engine: number; readonly inputs: Parameters_<"addInputs">[0] }
  | {
      readonly kind: "work"
      readonly engine: number
      readonly batches: readonly PackedBatch[]
      readonly now: number
      readonly skip: Parameters_<"work">[2]
    }
  | { readonly kind: "writeGroups"; readonly engine: number; readonly from: number; readonly to: number }
  | { readonly kind: "close"; readonly engine: number }
  | { readonly kind: "sink"; readonly sink: number; readonly records: Uint8Array; readonly id: string }

export interface WorkerRequest {
  readonly id: number
  readonly call: WorkerCall
}

/** An error on its way between threads: errors of one's own classes lose their class there. */
export interface ToldError {
  readonly name: string
  readonly message: string
  readonly code?: string
}

export type WorkerReply =
  /** The app file is loaded and has the job. */
  | { readonly kind: "ready"; readonly facts: JobFacts }
  | { readonly kind: "refused"; readonly error: ToldError }
  | { readonly kind: "answer"; readonly id: number; readonly value: unknown; readonly stateBytes: number }
  | { readonly kind: "failed"; readonly id: number; readonly error: ToldError }

/** Copies byte arrays behind each other: what the log gave may be a part of what it keeps, which must stay here. */
export function pack(parts: readonly Uint8Array[]): Packed {
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0))
  let at = 0
  for (const part of parts) {
    bytes.set(part, at)
    at += part.length
  }
  return { bytes, lengths: parts.map(part => part.length) }
}

export function unpack({ bytes, lengths }: Packed): readonly Uint8Array[] {
  let at = 0
  return lengths.map(length => {
    at += length
    return bytes.subarray(at - length, at)
  })
}

/** The same bytes with a buffer to themselves, copied where that is not so already: only then may the buffer leave. */
export function alone(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  const { buffer } = bytes
  const whole =
    buffer instanceof ArrayBuffer && buffer.byteLength === bytes.length && buffer.resizable === false
  return whole ? (bytes as Uint8Array<ArrayBuffer>) : new Uint8Array(bytes)
}

export function told(error: unknown): ToldError {
  if (!(error instanceof Error)) return { name: "Error", message: String(error) }
  const { name, message, code } = error as Error & { code?: unknown }
  return { name, message, ...(typeof code === "string" ? { code } : {}) }
}
