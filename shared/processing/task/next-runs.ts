import { KEY_GROUPS } from "../operator.ts"
import {
  baseSeqs,
  inOrder,
  mergeDue,
  mergeRuns,
  type RunInfo,
  renewDue,
  withoutObsolete,
} from "../state/run-levels.ts"
import type { RunRef, StateChange } from "./commit.ts"
import type { PieceWriter } from "./pieces.ts"

export interface RunsRequest {
  readonly before: readonly RunRef[]
  readonly seq: number
  readonly change: StateChange | undefined
  /** The state's bytes in memory, about. */
  readonly stateBytes: number
  /** Key groups of the state as it is now, whole, as a run. */
  readonly writeGroups: (from: number, to: number) => Uint8Array | Promise<Uint8Array>
  /** The bytes of runs that are not in `body`. */
  readonly bytesOf: (runs: readonly RunRef[]) => Promise<readonly Uint8Array[]>
}

/** The runs of the next record: those before it, less what is obsolete, and what this commit adds, merges and renews. */
export async function nextRuns(request: RunsRequest, body: PieceWriter): Promise<readonly RunRef[]> {
  const { before, seq, change } = request
  if (change === undefined) return before
  const { run, entries } = change
  const added: RunRef = { level: 0, seq, entries, bytes: run.length, piece: body.add(run) }
  let runs: RunRef[] = [...before, added]
  const renewed = renewDue(runs, request.stateBytes)
  if (renewed !== undefined) runs.push(await base(request, renewed, body))
  runs = inOrder(withoutObsolete(runs))
  if (!runs.includes(added)) body.drop(added.piece)
  for (let due = mergeDue(runs); due.length > 0; due = mergeDue(runs)) {
    const merged = await merge(request, runs, due, body)
    runs = inOrder([...runs.filter(each => !due.includes(each)), merged])
  }
  return runs
}

async function base(
  { seq, stateBytes, writeGroups }: RunsRequest,
  groups: readonly [from: number, to: number],
  body: PieceWriter,
): Promise<RunRef> {
  const bytes = await writeGroups(...groups)
  const heap = Math.round((stateBytes * (groups[1] - groups[0])) / KEY_GROUPS)
  return { level: -1, seq, entries: 0, bytes: bytes.length, groups, heap, piece: body.add(bytes) }
}

async function merge(
  { bytesOf }: RunsRequest,
  runs: readonly RunRef[],
  due: readonly RunRef[],
  body: PieceWriter,
): Promise<RunRef> {
  const elsewhere = due.filter(({ piece }) => body.bytesOf(piece) === undefined)
  const read = await bytesOf(elsewhere)
  const loaded = due.map((ref): RunInfo & { run: Uint8Array } => {
    return { ...ref, run: body.bytesOf(ref.piece) ?? (read[elsewhere.indexOf(ref)] as Uint8Array) }
  })
  const changes = runs.filter(({ level }) => level >= 0)
  const merged = mergeRuns(loaded, baseSeqs(runs), changes[0] === due[0])
  for (const { piece } of due) body.drop(piece)
  return {
    level: (due[0] as RunRef).level + 1,
    seq: (due.at(-1) as RunRef).seq,
    entries: merged.entries,
    bytes: merged.run.length,
    piece: body.add(merged.run),
  }
}
