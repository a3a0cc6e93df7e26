import type { Change } from "../../definition/change.ts"
import type { JobDefinition } from "../../definition/job/job-definition.ts"
import { droppedUids, planJob } from "../../definition/plan-job.ts"
import type { Log, Owner } from "../../log/types.ts"
import type { Ports } from "../../storage/time.ts"
import { CommitStore } from "../task/commit-store.ts"
import { Publisher } from "../task/publisher.ts"
import { assignPartitions } from "./assign-partitions.ts"
import { carryIntent, type JobContext } from "./carry-intent.ts"
import { jobDigest } from "./job-digest.ts"
import { JobError } from "./job-error.ts"
import type { JobIntent, JobItem, JobRead, JobStart } from "./job-item.ts"
import { JobStore } from "./job-store.ts"
import { type Savepoint, Savepoints } from "./savepoints.ts"

/** Times a change is carried on before its caller is told that it goes on without him. */
const CARRY_TRIES = 20

/**
 * A resume that skips what is missing does so for this long: retention goes on deleting while a task that is behind catches
 * up. What is lost after that is told again.
 */
export const SKIP_MISSING_MS = 10 * 60_000

export interface ResumeOptions {
  readonly skipMissing?: boolean
}

/** Steers jobs: each change is written as an intent first, then carried through, by whoever meets it. */
export class Jobs {
  readonly store: JobStore
  readonly savepoints: Savepoints
  readonly #log: Log
  readonly #context: JobContext

  constructor(ports: Ports, log: Log, commits: CommitStore = new CommitStore(ports)) {
    this.store = new JobStore(ports)
    this.savepoints = new Savepoints(ports, commits)
    this.#log = log
    this.#context = { ports, jobs: this.store, commits, publisher: new Publisher(log, commits) }
  }

  /** Makes a job: it runs from its sources' starting offsets. Throws `JobError` `job_exists`, `outcome_unknown`. */
  async create(definition: JobDefinition, owner: Owner): Promise<JobRead> {
    const sources = [{ topics: definition.reads }]
    const topics = await this.#log.listTopics()
    const tasks = assignPartitions([], sources, definition.parallelism, topics) ?? []
    return this.store.create({ owner, definition, tasks })
  }

  /**
   * Gives a job another definition. One that needs no new generation is only taken down; else it is an upgrade with the
   * state of the steps whose uids stay and are not to begin anew. What the plan refuses is not asked again here.
   */
  async define(name: string, definition: JobDefinition): Promise<JobRead> {
    const digest = jobDigest(definition)
    const isSame = (item: JobItem) =>
      item.digest === digest && droppedUids(item.definition, definition).length === 0
    const read = await this.store.change(name, item =>
      isSame(item) ? { ...item, definition, attached: true } : undefined,
    )
    if (isSame(read.item)) return read
    return this.#intend(name, item => {
      if (isSame(item)) return undefined
      return { kind: "upgrade", digest, definition, without: droppedUids(item.definition, definition) }
    })
  }

  /** Seals the job's tasks; their state is kept. A paused job stays so. */
  pause(name: string): Promise<JobRead> {
    return this.#intend(name, item => (item.state === "paused" ? undefined : { kind: "pause" }))
  }

  /** Its app names it no more: it is paused, and may be removed by anybody. */
  async detach(name: string): Promise<JobRead> {
    await this.pause(name)
    return this.store.change(name, item => ({ ...item, attached: false }))
  }

  /**
   * Goes on from where a pause or a fault ended.
   * @param skipMissing pass over records that retention deleted before they were read, for `SKIP_MISSING_MS`; they are counted
   */
  resume(name: string, { skipMissing = false }: ResumeOptions = {}): Promise<JobRead> {
    return this.store.change(name, (item, date) => {
      if (item.state === "running" && !skipMissing) return undefined
      const { fault: _fault, skipMissingUntil: _until, ...kept } = item
      const until = skipMissing ? { skipMissingUntil: date + SKIP_MISSING_MS } : {}
      return { ...kept, ...until, state: "running", attached: true }
    })
  }

  /** Begins anew: without state, from the sources' starting offsets. Results that were given stay. */
  reset(name: string): Promise<JobRead> {
    return this.#intend(name, () => ({ kind: "reset", start: { kind: "empty" } }))
  }

  /** Throws `JobError` `unknown_job`, `savepoint_exists`, `wrong_state`, `outcome_unknown`. */
  async takeSavepoint(name: string, id: string = this.#context.ports.random.id()): Promise<Savepoint> {
    return this.savepoints.take(await this.store.get(name), id)
  }

  /**
   * Goes on from a savepoint. Results that were given since stay in the topics, and are given again. Throws `JobError`
   * `unknown_savepoint`, and `savepoint_misfit` where the job's steps would not understand its state.
   */
  async restore(name: string, id: string): Promise<JobRead> {
    const { item } = await this.store.get(name)
    const { start, definition } = await this.savepoints.get(item.id, id)
    const misfits = misfitsOf(definition, item)
    if (misfits.length > 0) {
      const list = misfits.map(({ path, what, reason }) => `${path}: ${what}: ${reason}`).join("; ")
      throw new JobError("savepoint_misfit", `savepoint ${id} does not fit job ${name}: ${list}`)
    }
    const without = droppedUids(definition, item.definition)
    return this.#intend(name, () => ({ kind: "restore", start: leaving(start, without) }))
  }

  /** Writes an intent and carries it through. While another one stands, that is carried through first. */
  async #intend(name: string, intentOf: (item: JobItem) => JobIntent | undefined): Promise<JobRead> {
    for (let tries = 0; tries < CARRY_TRIES; tries++) {
      const read = await this.store.get(name)
      if (read.item.intent !== undefined) {
        await carryIntent(this.#context, read)
        continue
      }
      const intent = intentOf(read.item)
      if (intent === undefined) return read
      const written = await this.store.replace(read, { ...read.item, intent })
      if (written.outcome === "unknown") {
        throw new JobError("outcome_unknown", `job ${name} may or may not be changed`)
      }
      if (written.outcome === "committed") return this.carry(name, written.read)
    }
    throw new JobError("job_changing", `job ${name} is being changed; try again`)
  }

  /** Carries a job's intent through, if there is one. Throws `JobError` `job_changing` when it does not get through. */
  async carry(name: string, from?: JobRead): Promise<JobRead> {
    const generation = (from ?? (await this.store.get(name))).item.generation
    for (let tries = 0; tries < CARRY_TRIES; tries++) {
      const read = await this.store.get(name)
      if (read.item.intent === undefined || read.item.generation !== generation) return read
      const done = await carryIntent(this.#context, read)
      if (done !== undefined) return done
    }
    throw new JobError("job_changing", `job ${name} is being changed; it goes on`)
  }
}

/** What of a savepoint's state the job's steps would not find or not understand. */
function misfitsOf(then: JobDefinition, { definition, owner }: JobItem): readonly Change[] {
  const changes: Change[] = []
  planJob({ owner, attached: true, definition: then }, definition, { owner, changes })
  return changes.filter(({ kind }) => kind === "refused")
}

function leaving(start: JobStart, uids: readonly string[]): JobStart {
  if (start.kind === "empty" || uids.length === 0) return start
  return { ...start, without: [...new Set([...(start.without ?? []), ...uids])] }
}
