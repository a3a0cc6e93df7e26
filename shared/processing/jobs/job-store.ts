import { LRUCache } from "lru-cache"
import type { JobDefinition } from "../../definition/job/job-definition.ts"
import type { Owner } from "../../log/types.ts"
import type { Item } from "../../storage/meta-store.ts"
import { notAfter } from "../../storage/not-after.ts"
import { readAgain, settlePut } from "../../storage/settle.ts"
import type { Ports } from "../../storage/time.ts"
import { JOBS_PK, jobItem, readJob } from "./job-codec.ts"
import { jobDigest } from "./job-digest.ts"
import { JobError } from "./job-error.ts"
import type { JobItem, JobRead } from "./job-item.ts"
import { reserveProducers } from "./producer-ids.ts"

export interface NewJob {
  readonly owner: Owner
  readonly definition: JobDefinition
  readonly tasks: JobItem["tasks"]
}

/** What a conditional write of a job item came to. */
export type JobWrite =
  | { readonly outcome: "committed"; readonly read: JobRead }
  /** The item has changed, or it is too late: read it again. */
  | { readonly outcome: "lost" }
  | { readonly outcome: "unknown" }

/** Jobs kept decoded: workers ask for their job's item again and again, and it rarely changes. */
const JOBS_KEPT = 256

/** Reads and writes jobs' items. */
export class JobStore {
  readonly #ports: Ports
  // Counted by size: `max` would make room for all of them at the start.
  readonly #kept = new LRUCache<string, { readonly version: string; readonly job: JobItem }>({
    maxSize: JOBS_KEPT,
    sizeCalculation: () => 1,
  })

  constructor(ports: Ports) {
    this.#ports = ports
  }

  async find(name: string): Promise<JobRead | undefined> {
    const key = { pk: JOBS_PK, sk: name }
    const { item, date } = await readAgain(this.#ports, () => this.#ports.meta.get("meta", key))
    return item === undefined ? undefined : { item: this.#decoded(item), version: item.version, date }
  }

  /** An item's version names its content: no two writes have one. */
  #decoded(item: Item): JobItem {
    const known = this.#kept.get(item.sk)
    if (known?.version === item.version) return known.job
    const job = readJob(item)
    this.#kept.set(item.sk, { version: item.version, job })
    return job
  }

  /** Throws `JobError` `unknown_job`. */
  async get(name: string): Promise<JobRead> {
    const read = await this.find(name)
    if (read === undefined) throw new JobError("unknown_job", `job ${name} does not exist`)
    return read
  }

  async list(): Promise<readonly JobItem[]> {
    const found: JobItem[] = []
    let after: string | undefined
    do {
      const page = await readAgain(this.#ports, () =>
        this.#ports.meta.queryPage("meta", { pk: JOBS_PK }, after),
      )
      for (const item of page.items) found.push(readJob(item))
      after = page.next
    } while (after !== undefined)
    return found
  }

  /** Makes a job, running from its sources' starting offsets. Throws `JobError` `job_exists`, `outcome_unknown`. */
  async create({ owner, definition, tasks }: NewJob): Promise<JobRead> {
    const { name } = definition
    const key = { pk: JOBS_PK, sk: name }
    const before = await readAgain(this.#ports, () => this.#ports.meta.get("meta", key))
    if (before.item !== undefined) throw new JobError("job_exists", `job ${name} exists already`)
    const item: JobItem = {
      id: this.#ports.random.id(),
      name,
      owner,
      attached: true,
      state: "running",
      generation: 1,
      digest: jobDigest(definition),
      definition,
      tasks,
      firstProducer: await reserveProducers(this.#ports),
      start: { kind: "empty" },
      created: before.date,
      began: before.date,
    }
    const stored = jobItem(item, this.#ports.random.id())
    const settled = await settlePut(this.#ports, "meta", stored, {
      condition: { absent: true },
      notAfter: notAfter(before.date),
    })
    if (settled.outcome === "committed") return { item, version: stored.version, date: settled.date }
    if (settled.outcome === "refused" && settled.reason === "exists") {
      throw new JobError("job_exists", `job ${name} exists already`)
    }
    throw new JobError("outcome_unknown", `job ${name} may or may not have been created`)
  }

  /** Puts `next` in the place of what was read. @param asOf store time of the oldest read that `next` rests on besides */
  async replace(read: JobRead, next: JobItem, asOf: number = read.date): Promise<JobWrite> {
    const stored = jobItem(next, this.#ports.random.id())
    const settled = await settlePut(this.#ports, "meta", stored, {
      condition: { version: read.version },
      notAfter: notAfter(Math.min(read.date, asOf)),
    })
    if (settled.outcome === "committed") {
      return {
        outcome: "committed",
        read: { item: next, version: stored.version, date: settled.date },
      }
    }
    return { outcome: settled.outcome === "refused" ? "lost" : "unknown" }
  }

  /**
   * Changes a job's item by what stands, again when another was faster; undefined: nothing to change. Throws `JobError`
   * `unknown_job`, `outcome_unknown`, and what `change` throws.
   */
  async change(name: string, change: (item: JobItem, date: number) => JobItem | undefined): Promise<JobRead> {
    for (;;) {
      const read = await this.get(name)
      const next = change(read.item, read.date)
      if (next === undefined) return read
      const written = await this.replace(read, next)
      if (written.outcome === "committed") return written.read
      if (written.outcome === "unknown") {
        throw new JobError("outcome_unknown", `job ${name} may or may not be changed`)
      }
    }
  }
}
