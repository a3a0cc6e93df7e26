import { StorageError } from "../../storage/errors.ts"
import type { Item } from "../../storage/meta-store.ts"
import { packState, unpackState } from "../state/packing.ts"
import type { CommitRecord, TaskId } from "./commit.ts"

const COMMIT_FORMAT = 1

export const HEAD_FIRST = { from: "c#", to: "c#99999999999999999999" } as const

/** The partition key of a task's chain. */
export function taskKey({ job, generation, stage, index }: TaskId): string {
  return `task#${job}#${generation}#${stage}#${index}`
}

/** The sort key of a commit record: 20 digits, so that text order is number order. */
export function commitKey(seq: number): string {
  return `c#${String(seq).padStart(20, "0")}`
}

/**
 * The item of a commit record. `kind` is an attribute of its own, so that people see it; all else is one binary
 * attribute, MessagePack with the fields' names, so that a later version may add some.
 */
export function commitItem(task: TaskId, record: CommitRecord): Item {
  const { seq, kind, commitId, ...rest } = record
  return {
    pk: taskKey(task),
    sk: commitKey(seq),
    version: commitId,
    fields: { v: COMMIT_FORMAT, kind, record: packState(rest) },
  }
}

/** Throws `StorageError` `unknown_format`, `corrupt`. */
export function readCommit(item: Item): CommitRecord {
  const { v, kind, record } = item.fields
  const where = `commit record ${item.pk} ${item.sk}`
  if (v !== COMMIT_FORMAT) {
    throw new StorageError("unknown_format", `${where}: format ${v}, expected ${COMMIT_FORMAT}`)
  }
  if ((kind !== "commit" && kind !== "sealed") || !(record instanceof Uint8Array)) {
    throw new StorageError("corrupt", `${where}: no record in it`)
  }
  try {
    const rest = unpackState(record) as Omit<CommitRecord, "seq" | "kind" | "commitId">
    return { ...rest, seq: Number(item.sk.slice(2)), kind, commitId: item.version }
  } catch (cause) {
    throw new StorageError("corrupt", `${where}: ${(cause as Error).message}`, { cause })
  }
}
