import { VIEW_REREAD_MS } from "../../log/limits.ts"
import { StorageError } from "../../storage/errors.ts"
import type { EngineBatch, Poison } from "../engine/engine.ts"
import { refreshTasks } from "../jobs/assign-partitions.ts"
import { carryIntent, type JobContext, taskOf } from "../jobs/carry-intent.ts"
import { firstSeq, type JobFault, type JobItem, type JobRead, producerOf } from "../jobs/job-item.ts"
import { readStart } from "../jobs/start-record.ts"
import { Caution, cutTo } from "./caution.ts"
import type { CommitDraft, CommitRecord, InputPosition, StoredInput } from "./commit.ts"
import type { CommitBase, CommitOutcome, HeadRead } from "./commit-store.ts"
import type { DeathNotes } from "./deaths.ts"
import { type Decision, decide } from "./decide.ts"
import { type TaskInput, TaskInputs } from "./inputs.ts"
import { isNews } from "./news.ts"
import { openingOf } from "./opening.ts"
import type { StepOutcome, TaskStatus, WorkDone } from "./outcome.ts"
import { finishPredecessors, giveToSinks } from "./predecessors.ts"
import { Publisher } from "./publisher.ts"
import {
  BATCH_BYTES_MIN,
  DEFAULT_TASK_LIMITS,
  type TaskLimits,
  type TaskRunnerOptions,
} from "./runner-options.ts"
import { faultOf, isSame, missingFault } from "./task-fault.ts"
import { TaskMeter } from "./task-meter.ts"
import { WarmEngine } from "./warm-engine.ts"

/** A partition that may have more records, as a hint says. */
export interface InputHint {
  readonly topicId: string
  readonly partition: number
  /** Records from here on are new; absent: look. */
  readonly offset?: number
}

/** Its topic is deleted, and the engine was not told yet, or not by a record that stands. */
function isNewlyGone({ deleted, idle, ended }: TaskInput): boolean {
  return deleted && !idle && !ended
}

/** Whether a decision leads to the job's functions, which may end whoever calls them. */
function isWork({ kind }: Decision): boolean {
  return kind === "work" || kind === "load" || kind === "publish" || kind === "finish_predecessors"
}

/** The last record of the chain, and the store time at which it was known to stand. */
interface Head {
  readonly record: CommitRecord | undefined
  readonly date: number
}

/**
 * Works one task of a job, step by step. One at a time may be under way in one runner; any number of runners, here and
 * elsewhere, may work the same task: one of them wins each commit.
 *
 * A home's loop: `wake()`, then `step()` until the outcome is not `worked`; on `idle` wait for a hint about an input (the
 * log's wake topics) or for `dueAt`, on `lost` pause briefly, on `stopped` wait for the job to change; then `wake()` again.
 * `step` throws what cannot be helped here (a store that does not answer, a sink that fails): pause, then go on.
 */
export class TaskRunner {
  readonly #options: TaskRunnerOptions
  readonly #limits: TaskLimits
  readonly #context: JobContext
  readonly #inputs: TaskInputs
  readonly #engine: WarmEngine
  readonly #meter: TaskMeter
  #job: JobRead | undefined
  #jobReadAt = 0
  #head: Head | undefined
  /** Own-clock time at which the head was known to stand. */
  #headAt = 0
  /** Job and chain are to be read before anything else. */
  #stale = true
  #published = -1
  /** The generation whose predecessors' function sinks are done. */
  #predecessorsDone = 0
  /** Records that were read for the next batch of work; undefined: nobody looked. */
  #batches: readonly EngineBatch[] | undefined
  #skip: Poison[] = []
  #caution = new Caution()
  #batchBytes: number
  /** What was committed last, while it is not published. */
  #draft: { readonly seq: number; readonly draft: CommitDraft } | undefined

  constructor(options: TaskRunnerOptions) {
    const { ports, log, jobs, commits, code, task, limits } = options
    this.#options = options
    this.#limits = { ...DEFAULT_TASK_LIMITS, ...limits }
    this.#batchBytes = this.#limits.batchBytes
    this.#context = { ports, jobs, commits, publisher: new Publisher(log, commits) }
    this.#inputs = new TaskInputs(log)
    this.#engine = new WarmEngine(log, commits, code, task)
    this.#meter = new TaskMeter(ports.clock)
  }

  /** Begins a wake-up: job and chain are read again with the next step, and the hinted inputs (default: all) asked. */
  wake(hints?: readonly InputHint[]): void {
    this.#stale = true
    this.#inputs.hint(hints)
    if (this.#batches?.length === 0) this.#batches = undefined
  }

  /** Does the next thing, one commit at most, and publishes what it committed. */
  async step(): Promise<StepOutcome> {
    const began = this.#meter.begin()
    try {
      return await this.#step()
    } catch (error) {
      this.#stale = true
      if (await this.#isOvertaken(error)) return this.#lose()
      throw error
    } finally {
      this.#meter.end(began)
    }
  }

  /** Whether a worker that stood still for long asked for what nobody needs any more, since others went on. */
  async #isOvertaken(error: unknown): Promise<boolean> {
    if (!(error instanceof StorageError) || error.code !== "corrupt") return false
    const { jobs, commits, code, task } = this.#options
    const before = this.#job?.item
    const item = (await jobs.find(code.facts.name))?.item
    if (item === undefined || item.id !== before?.id || item.generation !== before.generation) return true
    const { head } = await commits.head(taskOf(item, task))
    return head?.commitId !== this.#head?.record?.commitId
  }

  /** As of the last step; undefined before the first record is known. */
  status(): TaskStatus | undefined {
    const head = this.#head?.record
    if (this.#job === undefined || head === undefined) return undefined
    const at = { task: this.#options.task, generation: this.#job.item.generation }
    return this.#meter.status(at, head, this.#inputs.all, this.#engine.stateBytes)
  }

  /** From here on these notes say how careful it is to be. Call it when no step is under way. */
  heed(deaths: DeathNotes): void {
    this.#caution = new Caution(deaths, this.#limits.deathsMax)
  }

  /** What this runner did since the last call. */
  takeDone(): WorkDone {
    return this.#meter.takeDone()
  }

  /** Lets the engine go. Call it when no step is under way. */
  async close(): Promise<void> {
    await this.#engine.drop()
  }

  get #item(): JobItem {
    return (this.#job as JobRead).item
  }

  async #step(): Promise<StepOutcome> {
    let worked: number | undefined
    for (;;) {
      if (this.#stale || this.#jobIsOld()) await this.#read()
      const decision = this.#decide()
      const { giveUp } = this.#caution
      if (giveUp !== undefined && isWork(decision)) {
        return this.#fail({ task: this.#options.task, error: giveUp })
      }
      if (worked !== undefined && (decision.kind === "look" || decision.kind === "wait")) {
        return { kind: "worked", records: worked }
      }
      const outcome = await this.#act(decision)
      if (typeof outcome === "number") worked = (worked ?? 0) + outcome
      else if (outcome !== undefined) return outcome
    }
  }

  #jobIsOld(): boolean {
    const elapsed = this.#options.ports.clock.elapsed()
    // A put that rests on too old a view is refused: it is looked at again well before.
    if (elapsed - this.#headAt >= VIEW_REREAD_MS) this.#stale = true
    return elapsed - this.#jobReadAt >= this.#limits.jobRereadMs
  }

  /** Reads the job's item and, unless this runner made it, the chain's head. */
  async #read(): Promise<void> {
    const { jobs, commits, code, task, ports } = this.#options
    const before = this.#job?.item
    const elapsed = ports.clock.elapsed()
    const readHead = before !== undefined && this.#stale
    const [job, read] = await Promise.all([
      jobs.find(code.facts.name),
      readHead ? commits.head(taskOf(before, task)) : undefined,
    ])
    this.#job = job
    this.#jobReadAt = elapsed
    if (job === undefined) return
    const { item } = job
    if (before?.id === item.id && before.generation === item.generation) {
      if (read !== undefined) this.#takeHead(read)
    } else {
      this.#head = undefined
      this.#batches = undefined
      this.#skip = []
      this.#draft = undefined
      this.#published = firstSeq(item, task) - 1
      this.#takeHead(await commits.head(taskOf(item, task)))
    }
    await this.#inputs.sync(item, task, code.facts, this.#head?.record)
    this.#stale = false
  }

  /** Takes up what was read of the chain; what rests on another record is thrown away. */
  #takeHead({ head: record, date }: HeadRead): void {
    const before = this.#head?.record
    this.#head = { record, date }
    this.#headAt = this.#options.ports.clock.elapsed()
    this.#published = Math.max(this.#published, record?.published ?? -1)
    if (before?.commitId === record?.commitId) return
    this.#batches = undefined
    this.#skip = []
    this.#draft = undefined
  }

  #decide(): Decision {
    const { code, task, timeLeftMs } = this.#options
    const { facts } = code
    const job = this.#job?.item
    return decide({
      job,
      task,
      digest: facts.digest,
      head: this.#head?.record,
      warm: this.#engine.warm,
      published: this.#published,
      predecessorsDone: facts.functionSinks.length === 0 || this.#predecessorsDone === job?.generation,
      hasWork: this.#hasWork(),
      ended: facts.bounded && this.#inputs.all.every(({ ended }) => ended),
      timeLeftMs: timeLeftMs?.() ?? Number.POSITIVE_INFINITY,
    })
  }

  #hasWork(): boolean | undefined {
    if (this.#batches === undefined) return undefined
    if (this.#batches.some(({ batches, ended }) => batches.length > 0 || ended)) return true
    if (this.#batches.some(({ gone }) => gone === true) && this.#inputs.all.some(isNewlyGone)) return true
    const due = this.#dueAt()
    return due !== undefined && due <= this.#options.ports.clock.now()
  }

  /** When there is something to do although no record comes: a timer, or a partition that falls idle. Own clock, epoch ms. */
  #dueAt(): number | undefined {
    const timer = this.#head?.record?.nextTimer
    const idle = this.#inputs.idleAt()
    if (timer === undefined || idle === undefined) return timer ?? idle
    return Math.min(timer, idle)
  }

  /** Undefined: go on; a number: so many records were worked through. */
  async #act(decision: Decision): Promise<StepOutcome | number | undefined> {
    switch (decision.kind) {
      case "stop":
        // The job item that says what comes next is there, or about to be.
        this.#stale = true
        await this.#engine.drop()
        return { kind: "stopped", why: decision.why }
      case "carry_intent":
        this.#stale = true
        if ((await carryIntent(this.#context, this.#job as JobRead)) === undefined) return this.#lose()
        return undefined
      case "finish_predecessors":
        await finishPredecessors(this.#options.commits, this.#options.code, this.#item, this.#options.task)
        this.#predecessorsDone = this.#item.generation
        return undefined
      case "open":
        return this.#open()
      case "publish":
        return this.#publish(decision.from)
      case "finish":
        return this.#finish()
      case "look":
        return this.#look()
      case "load":
        await this.#engine.load(this.#item, this.#record, this.#inputs.all)
        return undefined
      case "work":
        return this.#work()
      case "wait":
        this.#batches = undefined
        this.#caution.safe()
        return { kind: "idle", dueAt: this.#dueAt() }
      case "yield":
        return { kind: "yielded" }
    }
  }

  get #record(): CommitRecord {
    return this.#head?.record as CommitRecord
  }

  /** Throws the work away: it was for nothing, or may have been. */
  async #lose(): Promise<StepOutcome> {
    this.#stale = true
    this.#batches = undefined
    this.#draft = undefined
    await this.#engine.drop()
    return { kind: "lost" }
  }

  /** What the next record follows. */
  #base(): CommitBase {
    const { item, date: jobDate } = this.#job as JobRead
    const { record, date } = this.#head as Head
    return {
      task: taskOf(item, this.#options.task),
      seq: record === undefined ? firstSeq(item, this.#options.task) : record.seq + 1,
      runs: record?.runs ?? [],
      time: date,
      viewDate: Math.min(jobDate, date),
      published: this.#published,
    }
  }

  /** Takes up a record that this runner put; undefined: it did not get through. */
  #took(answer: CommitOutcome): CommitRecord | undefined {
    if (answer.outcome !== "committed") return undefined
    this.#head = { record: answer.record, date: answer.date }
    this.#headAt = this.#options.ports.clock.elapsed()
    this.#batches = undefined
    this.#skip = []
    return answer.record
  }

  async #open(): Promise<StepOutcome | undefined> {
    const { log, jobs, commits, code, task } = this.#options
    const { facts } = code
    const { version } = this.#job as JobRead
    // Topics that match by now are there from the start, as the starting offsets say.
    const fresh = await refreshTasks({ jobs, log }, facts.name, facts.sources)
    if (fresh.version !== version) {
      this.#stale = true
      return undefined
    }
    const start = await readStart(commits, this.#item, task)
    const { inputs, draft } = await openingOf(log, this.#item, task, facts, start)
    const writeGroups = () => new Uint8Array()
    const base = { ...this.#base(), runs: start?.runs ?? [], inputs, draft, stateBytes: 0, writeGroups }
    if (this.#took(await commits.commit(base)) === undefined) return this.#lose()
    await this.#inputs.sync(this.#item, task, facts, this.#head?.record)
    return undefined
  }

  async #look(): Promise<StepOutcome | undefined> {
    const { recordsMax, suspect } = this.#caution
    const { item, date } = this.#job as JobRead
    const found = await this.#inputs.fetch({
      bytesMax: recordsMax === undefined ? this.#batchBytes : Math.min(this.#batchBytes, BATCH_BYTES_MIN),
      partitionBytesMax: this.#limits.partitionBytes,
      first: suspect,
      skipMissing: item.skipMissingUntil !== undefined && date < item.skipMissingUntil,
    })
    if ("input" in found) return this.#fail(missingFault(this.#options.task, found))
    this.#batches = recordsMax === undefined ? found : cutTo(found, recordsMax)
    // What was cut off is read again.
    if (recordsMax !== undefined && found.length > 0) this.#inputs.hint(undefined)
    return undefined
  }

  async #work(): Promise<StepOutcome | number | undefined> {
    const { clock } = this.#options.ports
    const batches = this.#batches ?? []
    const killer = await this.#caution.meet(batches)
    if (killer !== undefined) return this.#poisoned(killer, !this.#caution.leaveOut())
    const began = clock.elapsed()
    const now = clock.now()
    const result = await this.#engine.work(batches, this.#inputs.all, now, this.#skip)
    await this.#caution.survived()
    if (!result.ok) return this.#poisoned(result.poison)
    const { draft } = result
    const before = this.#record
    if (!isNews(draft, before, batches)) {
      this.#engine.clean()
      this.#inputs.moved(draft.inputs, now)
      this.#batches = undefined
      return 0
    }
    const committing = clock.elapsed()
    const answer = await this.#options.commits.commit({
      ...this.#base(),
      draft: { ...draft, sinks: this.#sinksOf(draft) },
      inputs: this.#storedInputs(draft.inputs),
      stateBytes: this.#engine.stateBytes,
      writeGroups: (from, to) => this.#engine.writeGroups(from, to),
    })
    const isWhole = this.#skip.length === 0
    const record = this.#took(answer)
    if (record === undefined || answer.outcome !== "committed") return this.#lose()
    this.#caution.committed(draft.counters.recordsIn - before.counters.recordsIn, isWhole)
    this.#engine.committed(this.#item.generation, record)
    this.#inputs.moved(draft.inputs, now)
    this.#draft = { seq: record.seq, draft }
    this.#meter.committed(answer.bytes, committing, before.counters, draft.counters)
    this.#pace(clock.elapsed() - began)
    return draft.counters.recordsIn - before.counters.recordsIn
  }

  /** Batches are as large as keeps commits frequent. */
  #pace(ms: number): void {
    const { commitIntervalMs, batchBytes } = this.#limits
    if (ms > commitIntervalMs) {
      this.#batchBytes = Math.max(BATCH_BYTES_MIN, Math.floor((this.#batchBytes * commitIntervalMs) / ms))
    } else if (ms < commitIntervalMs / 2) this.#batchBytes = Math.min(batchBytes, this.#batchBytes * 2)
  }

  /** Function sinks by their order, which outlives most changes of the graph. */
  #sinksOf({ sinks }: CommitDraft): CommitDraft["sinks"] {
    const { functionSinks } = this.#options.code.facts
    return sinks.map(({ sink, records }) => ({ sink: functionSinks.indexOf(sink), records }))
  }

  #storedInputs(positions: readonly InputPosition[]): readonly StoredInput[] {
    const ends = new Map(this.#inputs.all.map(at => [`${at.source}/${at.topicId}#${at.partition}`, at.end]))
    const uids = new Map(this.#options.code.facts.sources.map(({ place, uid }) => [place, uid] as const))
    return positions.map(({ source, ...rest }): StoredInput => {
      const end = ends.get(`${source}/${rest.topicId}#${rest.partition}`)
      return { uid: uids.get(source) ?? "source", ...rest, ...(end === undefined ? {} : { end }) }
    })
  }

  async #poisoned(poison: Poison, isLast = false): Promise<StepOutcome | undefined> {
    await this.#engine.drop()
    const fault = faultOf(this.#options.task, poison, this.#inputs.all)
    const { facts } = this.#options.code
    // What was left out and is met again would be met for ever.
    if (isLast || facts.poison === "fail" || this.#skip.some(known => isSame(known, poison))) {
      return this.#fail(fault)
    }
    this.#skip.push(poison)
    return undefined
  }

  async #fail(fault: JobFault): Promise<StepOutcome> {
    const read = this.#job as JobRead
    const written = await this.#options.jobs.replace(read, { ...read.item, state: "failed", fault })
    if (written.outcome === "committed") this.#caution.safe()
    await this.#lose()
    return written.outcome === "committed" ? { kind: "stopped", why: "failed" } : { kind: "lost" }
  }

  async #publish(from: number): Promise<StepOutcome | undefined> {
    const { commits, code, task } = this.#options
    const chain = taskOf(this.#item, task)
    const head = this.#record
    const own = this.#draft?.seq === head.seq && from === head.seq - 1 ? this.#draft : undefined
    const records = own === undefined ? await this.#unpublished(from) : []
    const outputs = own?.draft.outputs ?? records.flatMap(record => record.outputs)
    const { date } = this.#head as Head
    const readAt = Math.min((this.#job as JobRead).date, date)
    const producerId = producerOf(this.#item, task)
    const outcome = await this.#context.publisher.publish({ producerId, outputs, readAt })
    if (outcome === "retired") return this.#lose()
    const given = own === undefined ? records : [{ seq: own.seq, sinks: this.#sinksOf(own.draft) }]
    await giveToSinks(commits, code, chain, given)
    this.#published = head.seq
    this.#draft = undefined
    // The topic may have been made anew under another id: the next engine finds it.
    if (outcome === "gone") await this.#engine.drop()
    return undefined
  }

  async #unpublished(from: number): Promise<readonly CommitRecord[]> {
    const head = this.#record
    if (from + 1 === head.seq) return [head]
    const first = Math.max(from + 1, firstSeq(this.#item, this.#options.task))
    return this.#options.commits.records(taskOf(this.#item, this.#options.task), first, head.seq)
  }

  async #finish(): Promise<StepOutcome> {
    const read = this.#job as JobRead
    const { item } = read
    for (let index = 0; index < item.tasks.length; index++) {
      if (index === this.#options.task) continue
      const { head } = await this.#options.commits.head(taskOf(item, index))
      if (head?.inputs.every(({ ended }) => ended) !== true) return { kind: "stopped", why: "finished" }
    }
    const written = await this.#options.jobs.replace(read, { ...item, finished: true })
    this.#stale = true
    return written.outcome === "committed" ? { kind: "stopped", why: "finished" } : { kind: "lost" }
  }
}
