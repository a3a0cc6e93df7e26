import { KEY_GROUPS } from "../operator.ts"
import { RunWriter, readRun } from "./run-codec.ts"

/** Runs of one level before they are merged to one of the next. */
export const RUNS_PER_LEVEL = 8
/** Levels 0 to 7: 64 runs at most besides the base. */
const LEVELS = 8
/** Bytes of key groups that one commit writes anew at most: some 50 ms of work, and no pause that anybody notices. */
export const STATE_REWRITE_BYTES_MAX = 8 * 1024 * 1024
/** A base smaller than this is not worth the care: it is written anew when as much has changed. */
const BASE_BYTES_MIN = 256 * 1024
/** What changed since, as a share of the base, at which the base is renewed: with it recovery reads twice the state at most. */
const RENEW_SHARE = 0.5

/** What the rules need to know of a run. */
export interface RunInfo {
  /** −1: whole key groups; 0 and up: changes. */
  readonly level: number
  /** The commit that wrote it; of a merged one, the newest that is in it. */
  readonly seq: number
  readonly bytes: number
  /** Of whole key groups: from, to (exclusive). */
  readonly groups?: readonly [from: number, to: number]
}

/** By group, the commit as of which its base stands; −1: it has none. */
export function baseSeqs(runs: readonly RunInfo[]): number[] {
  const seqs = new Array<number>(KEY_GROUPS).fill(-1)
  for (const { level, seq, groups } of runs) {
    if (level !== -1 || groups === undefined) continue
    for (let group = groups[0]; group < groups[1]; group++) seqs[group] = Math.max(seqs[group] ?? -1, seq)
  }
  return seqs
}

/** Leaves out what nothing needs: bases that were renewed, changes that are in every group's base. */
export function withoutObsolete<R extends RunInfo>(runs: readonly R[]): R[] {
  const seqs = baseSeqs(runs)
  const oldest = Math.min(...seqs)
  return runs.filter(({ level, seq, groups }) => {
    if (level !== -1 || groups === undefined) return seq > oldest
    for (let group = groups[0]; group < groups[1]; group++) if (seqs[group] === seq) return true
    return false
  })
}

/** The runs that are to be merged to one now, oldest first; none: nothing is. */
export function mergeDue<R extends RunInfo>(runs: readonly R[]): readonly R[] {
  for (let level = 0; level < LEVELS; level++) {
    const same = runs.filter(run => run.level === level)
    if (same.length >= RUNS_PER_LEVEL) return same
  }
  return []
}

/**
 * One run of several: later entries win, and entries that a group's base holds already are left out. What was removed
 * stays named as removed, since older runs may hold it.
 * @param runs oldest first
 */
export function mergeRuns(
  runs: readonly { readonly seq: number; readonly bytes: Uint8Array }[],
  base: ArrayLike<number>,
): { readonly run: Uint8Array; readonly entries: number } {
  const merged = new Map<
    string,
    [group: number, uid: string, key: Uint8Array, value: Uint8Array | undefined]
  >()
  for (const { seq, bytes } of runs) {
    readRun(
      bytes,
      (group, uid, key, value) => {
        merged.set(
          `${group}/${uid}/${Buffer.from(key.buffer, key.byteOffset, key.length).toString("latin1")}`,
          [group, uid, key, value],
        )
      },
      group => seq > (base[group] ?? -1),
    )
  }
  const writer = new RunWriter()
  for (const entry of merged.values()) writer.add(...entry)
  return { run: writer.finish(), entries: writer.entries }
}

/**
 * The key groups to write whole with this commit; undefined: none. A round over all groups begins when what changed
 * since the base is a share of it, goes on from where it stopped, and takes as many groups as fit.
 * @param liveBytes the state's bytes, about
 */
export function renewDue(
  runs: readonly RunInfo[],
  liveBytes: number,
): readonly [from: number, to: number] | undefined {
  const seqs = baseSeqs(runs)
  const newest = Math.max(...seqs)
  const oldest = Math.min(...seqs)
  const changed = runs.reduce((sum, run) => (run.level >= 0 ? sum + run.bytes : sum), 0)
  const base = runs.reduce((sum, run) => (run.level === -1 ? sum + run.bytes : sum), 0)
  const roundUnderWay = newest !== oldest && isRound(seqs)
  if (!roundUnderWay && changed < Math.max(BASE_BYTES_MIN, base * RENEW_SHARE)) return undefined
  const from = roundUnderWay ? seqs.indexOf(oldest) : 0
  const perGroup = Math.max(1, liveBytes / KEY_GROUPS)
  const count = Math.max(1, Math.floor(STATE_REWRITE_BYTES_MAX / perGroup))
  return [from, Math.min(KEY_GROUPS, from + count)]
}

/** Whether a round is under way: the groups before some place are newer than those after it. */
function isRound(seqs: ArrayLike<number> & { readonly length: number }): boolean {
  for (let group = 1; group < seqs.length; group++)
    if ((seqs[group] as number) < (seqs[group - 1] as number)) return true
  return false
}
