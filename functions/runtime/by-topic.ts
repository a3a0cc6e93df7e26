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
  /** Names of jobs by topic id. */
  readonly readers: ReadonlyMap<string, ReadonlySet<string>>
}

interface Reading extends TaskOfPartition {
  /** Topic id, `#`, number. */
  readonly partition: string
}

function readersOf(tasks: readonly Reading[]): ReadonlyMap<string, ReadonlySet<string>> {
  const topicOf = ({ partition }: Reading) => partition.slice(0, partition.lastIndexOf("#"))
  const groups = Map.groupBy(tasks, topicOf)
  return new Map([...groups].map(([topicId, of]) => [topicId, new Set(of.map(({ job }) => job))]))
}

/** Which tables and jobs read a topic, as of up to a minute ago. */
export class ByTopic {
  readonly #ports: Pick<Ports, "meta" | "clock">
  readonly #hasJobs: boolean
  #known: Known = { tables: new Map(), tasks: new Map(), readers: new Map() }
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

  /**
   * The tasks of running jobs that read a partition; of a job that reads the topic and does not know of the partition, since
   * the topic has grown, the first: whichever is woken looks for new ones. Throws `StorageError`.
   */
  async tasksOf(topicId: string, partition: number): Promise<readonly TaskOfPartition[]> {
    if (!this.#hasJobs) return []
    const { tasks, readers } = await this.#fresh()
    const known = tasks.get(`${topicId}#${partition}`) ?? []
    const all = readers.get(topicId)
    if (all === undefined || all.size === known.length) return known
    const aware = new Set(known.map(({ job }) => job))
    const others = [...all].filter(job => !aware.has(job))
    return [...known, ...others.map(job => ({ job, task: 0 }))]
  }

  async #fresh(): Promise<Known> {
    const now = this.#ports.clock.elapsed()
    if (now - this.#readAt >= REREAD_MS) {
      const [tables, tasks] = await Promise.all([this.#readTables(), this.#hasJobs ? this.#readTasks() : []])
      this.#known = {
        tables: Map.groupBy(tables, ({ topicId }) => topicId),
        tasks: Map.groupBy(tasks, ({ partition }) => partition),
        readers: readersOf(tasks),
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
