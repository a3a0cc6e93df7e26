import type { Json } from "../canonical.ts"

/** One step of a job as stored: what of it decides whether state that was kept fits it. Functions are not in it. */
export interface NodeDefinition {
  readonly kind: string
  /** Places in the list of nodes; inputs come first. */
  readonly inputs: readonly number[]
  /** Of steps that keep state. */
  readonly uid?: string
  /** What the state's shape depends on, such as a window's kind and size or the kinds of aggregates. */
  readonly shape?: { readonly [name: string]: Json }
}

/** A job, as stored. */
export interface JobDefinition {
  readonly name: string
  readonly nodes: readonly NodeDefinition[]
  /** Names of topics that it reads and writes, in ascending order. */
  readonly reads: readonly string[]
  readonly writes: readonly string[]
  readonly parallelism: "single" | "per-partition"
  /** `topic:<name>`: dead letters go there. */
  readonly poison: "fail" | "skip" | `topic:${string}`
  /** Every source ends. */
  readonly bounded: boolean
  readonly memoryMb: number
  /** Tasks at once; absent: all. */
  readonly concurrency?: number
  readonly version: number
  /** Uids whose state may be lost by an upgrade. */
  readonly dropState: readonly string[]
  /** Names of the secrets that its sinks are given, in ascending order. Absent: none. */
  readonly secrets?: readonly string[]
}

/** Whether a step keeps state that an upgrade has to find again. */
export function keepsState(node: NodeDefinition): boolean {
  return node.uid !== undefined && node.kind !== "source" && node.kind !== "files"
}
