import { canonicalJson } from "./canonical.ts"
import { arrow, type Change, type Note, noteFor, ownerText, type PlanContext } from "./change.ts"
import { type JobDefinition, keepsState, type NodeDefinition } from "./job/job-definition.ts"
import type { StoredJob } from "./stored.ts"

/** Compares one job as it stands with its definition; either may be missing. */
export function planJob(
  before: StoredJob | undefined,
  next: JobDefinition | undefined,
  context: PlanContext,
): void {
  const name = next?.name ?? before?.definition.name ?? ""
  const note = noteFor("job", name, context)
  if (next === undefined) {
    if (before?.owner !== context.owner || !before.attached) return
    note("safe", "", "detached: it is sealed and its state kept", undefined, "detach")
    return
  }
  refuseFiles(next, before === undefined ? "create" : "alter", note)
  if (before === undefined) note("safe", "", "created", undefined, "create")
  else if (before.owner === context.owner) planOwn(before, next, note)
  else {
    const reason = `it was made by ${ownerText(before.owner)}`
    note("refused", "", "taken over", { reason, remedy: "choose another name" }, "attach")
  }
}

/** A file is no log: it has no positions that a task could go on from, and nobody has it on another machine. */
function refuseFiles({ name, nodes }: JobDefinition, action: Change["action"], note: Note): void {
  for (const { kind, uid = kind, shape } of nodes) {
    if (kind !== "files") continue
    const why = {
      reason: "a job that goes on reads topics alone",
      remedy: `expected millrace run --bounded --job ${name}, or the file's rows in a topic`,
    }
    note("refused", `.${uid}`, `reads the file ${String(shape?.path)}`, why, action)
  }
}

/** What makes a new generation: all that the graph's digest is over, and the version. */
export function graphText({ nodes, parallelism }: JobDefinition): string {
  return canonicalJson({ nodes, parallelism })
}

function planOwn(before: StoredJob, next: JobDefinition, note: Note): void {
  const old = before.definition
  if (!before.attached)
    note("safe", "", "attached again: it goes on from where it was sealed", undefined, "attach")
  if (old.parallelism !== next.parallelism) {
    note("refused", ".parallelism", arrow(old.parallelism, next.parallelism), {
      reason: "its state cannot be spread anew yet",
      remedy: "define it under another name; it starts from startingOffsets",
    })
  }
  for (const option of ["memoryMb", "concurrency", "poison"] as const) {
    if (old[option] !== next[option]) note("safe", `.${option}`, arrow(old[option], next[option]))
  }
  const sameGraph = graphText(old) === graphText(next)
  const dropped = droppedUids(old, next)
  if (sameGraph && old.version === next.version && dropped.length === 0) return
  const lost = stateLost(old, next)
  for (const { uid, what, reason } of lost) {
    note("refused", `.${uid}`, what, {
      reason,
      remedy: `name it in dropState: [${JSON.stringify(uid)}] to begin anew without that state`,
    })
  }
  if (lost.length > 0) return
  const versions =
    old.version === next.version ? "state dropped" : `version ${arrow(old.version, next.version)}`
  const why = sameGraph ? versions : "another graph"
  note("safe", "", `${why}: a new generation, with the state of ${keptText(next, dropped)}`)
  for (const uid of dropped) note("safe", `.${uid}`, "its state is dropped, as dropState says")
}

/**
 * Uids of steps whose state `next` leaves behind: those that it has no more, and those that its `dropState` names, once: where
 * it named them before already, only if their state does not fit any more.
 */
export function droppedUids(old: JobDefinition, next: JobDefinition): readonly string[] {
  const after = new Map(next.nodes.filter(keepsState).map(node => [node.uid, node] as const))
  const named = new Set(next.dropState)
  const before = new Set(old.dropState)
  return old.nodes.filter(keepsState).flatMap(node => {
    const uid = node.uid as string
    const now = after.get(uid)
    const isKept =
      now !== undefined && !(named.has(uid) && (!before.has(uid) || misfit(node, now) !== undefined))
    return isKept ? [] : [uid]
  })
}

interface Lost {
  readonly uid: string
  readonly what: string
  readonly reason: string
}

/** Steps whose state the new graph would not find, or not understand. */
function stateLost(old: JobDefinition, next: JobDefinition): readonly Lost[] {
  const drop = new Set(next.dropState)
  const after = new Map(next.nodes.filter(keepsState).map(node => [node.uid, node] as const))
  return old.nodes.filter(keepsState).flatMap(node => {
    const uid = node.uid as string
    if (drop.has(uid)) return []
    const now = after.get(uid)
    if (now === undefined)
      return [{ uid, what: `${node.kind} taken out`, reason: "no step has this uid any more" }]
    const reason = misfit(node, now)
    return reason === undefined ? [] : [{ uid, what: "changed", reason }]
  })
}

/** Why the state of `before` does not fit `after`; undefined: it does. */
function misfit(before: NodeDefinition, after: NodeDefinition): string | undefined {
  if (before.kind !== after.kind) return `its kind is ${arrow(before.kind, after.kind)}`
  for (const part of ["key", "assigner", "n", "order"]) {
    const [old, now] = [before.shape?.[part] ?? null, after.shape?.[part] ?? null]
    if (canonicalJson(old) !== canonicalJson(now))
      return `its ${part} is ${arrow(canonicalJson(old), canonicalJson(now))}`
  }
  for (const part of ["result", "aggregates", "state"]) {
    const [old, now] = [before.shape?.[part], after.shape?.[part]]
    if (old === undefined && now === undefined) continue
    const fault = fieldsMisfit(old, now)
    if (fault !== undefined) return `its ${part}: ${fault}`
  }
  return undefined
}

/** Named parts may come and go; one that stays must be of the same kind. */
function fieldsMisfit(old: unknown, now: unknown): string | undefined {
  if (typeof old !== "object" || typeof now !== "object" || old === null || now === null) {
    return old === now ? undefined : arrow(JSON.stringify(old), JSON.stringify(now))
  }
  for (const [name, kind] of Object.entries(old)) {
    const other = (now as Record<string, unknown>)[name]
    if (other !== undefined && JSON.stringify(kind) !== JSON.stringify(other)) {
      return `${name} is ${arrow(JSON.stringify(kind), JSON.stringify(other))}`
    }
  }
  return undefined
}

function keptText({ nodes }: JobDefinition, dropped: readonly string[]): string {
  const kept = nodes.filter(keepsState).flatMap(({ uid = "" }) => (dropped.includes(uid) ? [] : [uid]))
  return kept.length === 0 ? "its positions" : ["its positions", ...kept].join(", ")
}
