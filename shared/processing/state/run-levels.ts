import { KEY_GROUPS } from "../operator.ts"
import { RunWriter, readRun } from "./run-codec.ts"

/** Runs of one level before they are merged to one of the next. */
export const RUNS_PER_LEVEL = 8
/** Levels 0 to 7, each below `RUNS_PER_LEVEL` runs: 56 at most besides the base. */
const LEVELS = 8
/** Bytes of key groups that one commit writes anew, unless it changed more: some 50 ms, a pause that nobody notices. */
export const STATE_REWRITE_BYTES_MAX = 8 * 1024 * 1024
/** While less than this is stored for nothing, it is not worth the care. */
export const STATE_SLACK_BYTES = 256 * 1024
/**
 * What is stored for nothing, as a share of the live state, at which the base is renewed. With what comes on top while
 * it is renewed, recovery reads twice the live state at most.
 */
const RENEW_SHARE = 0.5
/** A renewal writes this many times what its commits change, so that it ends before much has come on top. */
const RENEW_PACE = 4

/** What the rules need to know of a run. */
export interface RunInfo {
  /** −1: the base, whole key groups; 0 and up: changes. */
  readonly level: number
  /** The commit that wrote it; of a merged one, the newest that is in it. */
  readonly seq: number
  readonly bytes: number
  /** Of the base: from, to (exclusive). */
  readonly groups?: readonly [from: number, to: number]
  /** Of the base: about what its groups took in memory, bytes. */
  readonly heap?: number
  /** Operators whose entries in it count no more. */
  readonly without?: readonly string[]
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

/** Which groups of a run count: of the base its newest, of changes those since the base. */
export function countsIn({ level, seq }: RunInfo, base: ArrayLike<number>): (group: number) => boolean {
  return level === -1 ? group => base[group] === seq : group => seq > (base[group] ?? -1)
}

/** The order in which runs are read: the base, then changes, oldest first. */
export function inOrder<R extends RunInfo>(runs: readonly R[]): R[] {
  const rank = ({ level, seq }: RunInfo) => (level === -1 ? -1 : seq)
  return [...runs].sort((left, right) => rank(left) - rank(right))
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

type Entry = readonly [group: number, uid: string, key: Uint8Array, value: Uint8Array | undefined]

/**
 * One run of several: later entries win, and entries that a group's base holds already are left out. What was removed
 * stays named as removed where older runs may hold it.
 * @param runs oldest first @param oldest no changes are older than these
 */
export function mergeRuns(
  runs: readonly (RunInfo & { readonly run: Uint8Array })[],
  base: ArrayLike<number>,
  oldest: boolean,
): { readonly run: Uint8Array; readonly entries: number } {
  const merged = new Map<string, Entry>()
  for (const run of runs) {
    readRunOf(run, base, (group, uid, key, value) => {
      const id = `${group}/${uid}/${Buffer.from(key.buffer, key.byteOffset, key.length).toString("latin1")}`
      merged.set(id, [group, uid, key, value])
    })
  }
  const writer = new RunWriter()
  for (const [group, uid, key, value] of merged.values()) {
    if (value === undefined && oldest && base[group] === -1) continue
    writer.add(group, uid, key, value)
  }
  return { run: writer.finish(), entries: writer.entries }
}

/** Reads what counts of one of a state's runs. Throws `ProcessingError` `unknown_format`, `corrupt`. */
export function readRunOf(
  run: RunInfo & { readonly run: Uint8Array },
  base: ArrayLike<number>,
  visit: (...entry: Entry) => void,
): void {
  const without = new Set(run.without ?? [])
  const counts = countsIn(run, base)
  if (without.size === 0) readRun(run.run, visit, counts)
  else readRun(run.run, (group, uid, key, value) => without.has(uid) || visit(group, uid, key, value), counts)
}

/**
 * The key groups to write whole with this commit; undefined: none. A round over all groups begins when too much is
 * stored for nothing, goes on from where it stopped, and takes as many groups at once as its pace allows.
 * @param runs with this commit's changes @param heapBytes the state's bytes in memory, about
 */
export function renewDue(
  runs: readonly RunInfo[],
  heapBytes: number,
): readonly [from: number, to: number] | undefined {
  const seqs = baseSeqs(runs)
  const oldest = Math.min(...seqs)
  const changed = runs.reduce((sum, run) => (run.level >= 0 ? sum + run.bytes : sum), 0)
  const base = runs.reduce((sum, run) => (run.level === -1 ? sum + run.bytes : sum), 0)
  const baseHeap = runs.reduce((sum, run) => (run.level === -1 ? sum + (run.heap ?? 0) : sum), 0)
  // How large what lives is once it is stored: as the base was, for what it took in memory.
  const live = baseHeap === 0 ? 0 : (heapBytes * base) / baseHeap
  const forNothing = base + changed - live
  const due =
    forNothing >= Math.max(STATE_SLACK_BYTES, live * RENEW_SHARE) ||
    changed >= Math.max(STATE_SLACK_BYTES, base)
  const underWay = isRound(seqs)
  if (!underWay && !due) return undefined
  const from = underWay ? seqs.indexOf(oldest) : 0
  const newest = runs.reduce((last, run) => (run.level === 0 && run.seq >= last.seq ? run : last), {
    seq: -1,
    bytes: 0,
  })
  const rewrite = Math.max(STATE_REWRITE_BYTES_MAX, newest.bytes * RENEW_PACE)
  const perGroup = Math.max(1, (live === 0 ? heapBytes : live) / KEY_GROUPS)
  const count = Math.max(1, Math.floor(rewrite / perGroup))
  return [from, Math.min(KEY_GROUPS, from + count)]
}

/** Whether a round is under way: the groups before some place are newer than those after it. */
function isRound(seqs: ArrayLike<number> & { readonly length: number }): boolean {
  for (let group = 1; group < seqs.length; group++)
    if ((seqs[group] as number) < (seqs[group - 1] as number)) return true
  return false
}
