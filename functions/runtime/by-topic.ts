import { JOBS_PK, readJob } from "../../shared/processing/jobs/job-codec.ts"
import { decodeTable, TABLES_PK } from "../../shared/serving/tables/table-item.ts"
import { queryItems } from "../../shared/storage/query-items.ts"
import { readAgain } from "../../shared/storage/settle.ts"
import type { Ports } from "../../shared/storage/time.ts"

/** A new table's or job's first wake may be this late; the tick comes for it anyway. */
const REREAD_MS = 60_000

export interface TableOfTopic {
  readonly name: string
  readonly id: string
}

export interface TaskOfPartition {
  readonly job: string
  readonly task: number
}

interface Known {
  readonly tables: ReadonlyMap<string, readonly TableOfTopic[]>
  /** By topic id and partition. */
  readonly tasks: ReadonlyMap<string, readonly TaskOfPartition[]>
}

/** Which tables and jobs read a topic, as of up to a minute ago. */
export class ByTopic {
  readonly #ports: Pick<Ports, "meta" | "clock">
  readonly #hasJobs: boolean
  #known: Known = { tables: new Map(), tasks: new Map() }
  #readAt = Number.NEGATIVE_INFINITY

  /** @param hasJobs whether there are functions that run jobs: else none is looked for */
  constructor(ports: Pick<Ports, "meta" | "clock">, hasJobs: boolean) {
    this.#ports = ports
    this.#hasJobs = hasJobs
  }

  /** Throws `StorageError`. */
  async tablesOf(topicId: string): Promise<readonly TableOfTopic[]> {
    return (await this.#fresh()).tables.get(topicId) ?? []
  }

  /** The tasks of running jobs that read a partition. Throws `StorageError`. */
  async tasksOf(topicId: string, partition: number): Promise<readonly TaskOfPartition[]> {
    if (!this.#hasJobs) return []
    return (await this.#fresh()).tasks.get(`${topicId}#${partition}`) ?? []
  }

  async #fresh(): Promise<Known> {
    const now = this.#ports.clock.elapsed()
    if (now - this.#readAt >= REREAD_MS) {
      const [tables, tasks] = await Promise.all([this.#readTables(), this.#hasJobs ? this.#readTasks() : []])
      this.#known = {
        tables: Map.groupBy(tables, ({ topicId }) => topicId),
        tasks: Map.groupBy(tasks, ({ partition }) => partition),
      }
      this.#readAt = now
    }
    return this.#known
  }

  async #readTables() {
    const tables = (await this.#items(TABLES_PK)).map(decodeTable)
    return tables
      .filter(({ state, attached }) => state === "open" && attached)
      .map(({ topicId, id, spec }) => ({ topicId, id, name: spec.name }))
  }

  async #readTasks() {
    const jobs = (await this.#items(JOBS_PK)).map(readJob)
    // One that is to become another is carried on by whoever is woken.
    const awake = jobs.filter(
      ({ state, finished, intent }) => (state === "running" && finished !== true) || intent !== undefined,
    )
    return awake.flatMap(({ name: job, tasks }) =>
      tasks.flatMap((inputs, task) =>
        inputs.map(([topicId, partition]) => ({ partition: `${topicId}#${partition}`, job, task })),
      ),
    )
  }

  async #items(pk: string) {
    const { items } = await readAgain(this.#ports, () => queryItems(this.#ports.meta, "meta", { pk }))
    return items
  }
}
