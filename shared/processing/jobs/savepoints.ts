import type { JobDefinition } from "../../definition/job/job-definition.ts"
import { StorageError } from "../../storage/errors.ts"
import type { Item } from "../../storage/meta-store.ts"
import { notAfter } from "../../storage/not-after.ts"
import { readAgain, settlePut } from "../../storage/settle.ts"
import type { Ports } from "../../storage/time.ts"
import type { CommitStore } from "../task/commit-store.ts"
import { inTurns } from "../task/publisher.ts"
import { taskOf } from "./carry-intent.ts"
import { JobError } from "./job-error.ts"
import { type HeadRef, type JobRead, type JobStart, startOf } from "./job-item.ts"

const SAVEPOINT_FORMAT = 1
/** Tasks whose heads are read at once. */
const TASKS_AT_ONCE = 16

/** A vector of commit records that are kept: pk `savepoints#` + job id, sk its id. */
export interface Savepoint {
  readonly id: string
  readonly generation: number
  /** What a generation that is restored from it begins with. */
  readonly start: JobStart
  /** Of the job as it was then. */
  readonly definition: JobDefinition
  /** Store time, epoch ms. */
  readonly created: number
}

/** Reads and writes jobs' savepoints. */
export class Savepoints {
  readonly #ports: Ports
  readonly #commits: CommitStore

  constructor(ports: Ports, commits: CommitStore) {
    this.#ports = ports
    this.#commits = commits
  }

  /**
   * Pins the heads of all tasks, one after the other, without stopping any. Throws `JobError` `savepoint_exists`,
   * `wrong_state` (some tasks have begun and others not), `outcome_unknown`.
   */
  async take({ item, date }: JobRead, id: string): Promise<Savepoint> {
    const heads = await inTurns(item.tasks, TASKS_AT_ONCE, (_, index) =>
      this.#commits.head(taskOf(item, index)),
    )
    const begun = heads.filter(({ head }) => head !== undefined).length
    if (
      begun > 0 &&
      begun < heads.length &&
      item.start.kind === "heads" &&
      item.start.digest !== item.digest
    ) {
      throw new JobError("wrong_state", `job ${item.name}: not all tasks have begun yet; try again`)
    }
    const refs = heads.map(({ head }, index): HeadRef | null => {
      return head === undefined ? (startOf(item, index) ?? null) : [item.generation, head.seq]
    })
    const pinned: JobStart = { kind: "heads", heads: refs, digest: item.digest }
    const created = Math.min(date, ...heads.map(read => read.date))
    const start = begun === 0 ? item.start : pinned
    const savepoint = { id, generation: item.generation, start, definition: item.definition, created }
    const settled = await settlePut(this.#ports, "meta", this.#item(item.id, savepoint), {
      condition: { absent: true },
      notAfter: notAfter(created),
    })
    if (settled.outcome === "committed") return savepoint
    if (settled.outcome === "refused" && settled.reason === "exists") {
      throw new JobError("savepoint_exists", `job ${item.name} has a savepoint ${id} already`)
    }
    throw new JobError("outcome_unknown", `savepoint ${id} may or may not have been taken`)
  }

  async list(job: string): Promise<readonly Savepoint[]> {
    const found: Savepoint[] = []
    let after: string | undefined
    do {
      const query = { pk: savepointsKey(job) }
      const page = await readAgain(this.#ports, () => this.#ports.meta.queryPage("meta", query, after))
      for (const item of page.items) found.push(readSavepoint(item))
      after = page.next
    } while (after !== undefined)
    return found
  }

  /** Throws `JobError` `unknown_savepoint`. */
  async get(job: string, id: string): Promise<Savepoint> {
    const key = { pk: savepointsKey(job), sk: id }
    const { item } = await readAgain(this.#ports, () => this.#ports.meta.get("meta", key))
    if (item === undefined) throw new JobError("unknown_savepoint", `there is no savepoint ${id}`)
    return readSavepoint(item)
  }

  /** Lets a savepoint go: what only it kept is deleted in time. */
  async delete(job: string, id: string): Promise<void> {
    const answer = await this.#ports.meta.delete("meta", { pk: savepointsKey(job), sk: id })
    if (answer.outcome !== "committed") {
      throw new JobError("outcome_unknown", `savepoint ${id} may or may not have been deleted`)
    }
  }

  #item(job: string, { id, generation, start, definition, created }: Savepoint): Item {
    return {
      pk: savepointsKey(job),
      sk: id,
      version: this.#ports.random.id(),
      fields: {
        v: SAVEPOINT_FORMAT,
        generation,
        start: JSON.stringify(start),
        definition: JSON.stringify(definition),
        created,
      },
    }
  }
}

function savepointsKey(job: string): string {
  return `savepoints#${job}`
}

function readSavepoint(item: Item): Savepoint {
  const { v, generation, start, definition, created } = item.fields
  if (v !== SAVEPOINT_FORMAT) {
    throw new StorageError(
      "unknown_format",
      `savepoint ${item.sk}: format ${v}, expected ${SAVEPOINT_FORMAT}`,
    )
  }
  return {
    id: item.sk,
    generation: generation as number,
    start: JSON.parse(start as string) as JobStart,
    definition: JSON.parse(definition as string) as JobDefinition,
    created: created as number,
  }
}
