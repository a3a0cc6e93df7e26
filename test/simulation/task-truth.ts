import { decodeRecords } from "../../shared/log/records/index.ts"
import { readJob } from "../../shared/processing/jobs/job-codec.ts"
import { type JobItem, startOf } from "../../shared/processing/jobs/job-item.ts"
import type { CommitRecord, Piece } from "../../shared/processing/task/commit.ts"
import { readCommit } from "../../shared/processing/task/commit-codec.ts"
import type { StoreWatch } from "../../shared/storage/memory/memory-stores.ts"
import type { Item, MetaTable } from "../../shared/storage/meta-store.ts"

/** Sees every commit record as it is stored, and says what the results should be. */
export class TaskTruth {
  readonly violations: string[] = []
  readonly #records = new Map<string, CommitRecord>()
  readonly #objects = new Map<string, Uint8Array>()
  readonly #generations = new Map<number, JobItem>()
  commits = 0
  seals = 0

  readonly watch: StoreWatch = {
    item: (table, item) => this.#item(table, item),
    object: (key, body) => {
      if (key.startsWith("job/")) this.#objects.set(key, body.slice())
    },
  }

  get generations(): number {
    return this.#generations.size
  }

  fail(message: string): void {
    this.violations.push(message)
  }

  #item(table: MetaTable, item: Item): void {
    if (table !== "meta") return
    if (item.pk === "jobs") {
      const job = readJob(item)
      if (job.state === "failed") this.fail(`job failed: ${JSON.stringify(job.fault)}`)
      this.#generations.set(job.generation, job)
    }
    if (!item.pk.startsWith("task#") || !item.sk.startsWith("c#")) return
    const id = `${item.pk} ${item.sk}`
    const record = readCommit(item)
    const before = this.#records.get(id)
    if (before !== undefined && before.commitId !== record.commitId) this.fail(`${id} was put twice`)
    this.#records.set(id, record)
    if (record.kind === "sealed") this.seals++
    else this.commits++
  }

  #bytes(piece: Piece): Uint8Array {
    if (piece.kind === "inline") return piece.bytes
    const body = this.#objects.get(piece.key)
    if (body === undefined) throw new Error(`no object ${piece.key}`)
    return body.subarray(piece.offset, piece.offset + piece.length)
  }

  #results(record: CommitRecord, topicId: string): string[] {
    return record.outputs.flatMap(output =>
      output.topicId !== topicId
        ? []
        : decodeRecords(this.#bytes(output.piece)).map(({ value }) => Buffer.from(value ?? []).toString()),
    )
  }

  /** All results for a topic that were ever committed: each of them is in it once. */
  committed(topicId: string): string[] {
    return [...this.#records.values()].flatMap(record => this.#results(record, topicId)).sort()
  }

  /** The results for a topic that the job's present state has given, back to its beginning. */
  given(job: JobItem, topicId: string): string[] {
    const results: string[] = []
    for (let task = 0; task < job.tasks.length; task++) {
      let generation: JobItem | undefined = job
      let last = Number.POSITIVE_INFINITY
      while (generation !== undefined) {
        const prefix = `task#${job.id}#${generation.generation}#0#${task} `
        for (const [id, record] of this.#records) {
          if (id.startsWith(prefix) && record.seq <= last) results.push(...this.#results(record, topicId))
        }
        const start = startOf(generation, task)
        last = start?.[1] ?? -1
        generation = start === undefined ? undefined : this.#generations.get(start[0])
      }
    }
    return results.sort()
  }
}
