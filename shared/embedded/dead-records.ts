import type { DeadLetters } from "../api/auth/types.ts"
import type { SetAside } from "../log/journal/deliver.ts"
import { redrive } from "../log/journal/redrive.ts"
import type { Log } from "../log/types.ts"
import { StorageError } from "../storage/errors.ts"
import type { Ports } from "../storage/time.ts"

/** Where records of the journal lie that could not be appended. */
const PREFIX = "dead/journal/"

const keyOf = (shard: string, sequence: string) => `${PREFIX}${shard}/${sequence}`

/** Records of the journal that could not be appended: objects, until they are redriven. */
export class DeadRecords implements DeadLetters {
  readonly #objects: Ports["objects"]
  readonly #log: Log

  constructor({ objects }: Pick<Ports, "objects">, log: Log) {
    this.#objects = objects
    this.#log = log
  }

  async keep({ shard, sequence, data }: SetAside): Promise<void> {
    const key = keyOf(shard, sequence)
    const put = await this.#objects.put(key, data)
    if (put.outcome !== "committed") {
      throw new StorageError("unavailable", `${key}: the record could not be set aside`, { cause: put })
    }
  }

  async count(): Promise<number> {
    return (await this.#keys()).length
  }

  async redrive(max: number): Promise<{ redriven: number; failed: number; remaining: number }> {
    const keys = await this.#keys()
    let redriven = 0
    let failed = 0
    for (const key of keys.slice(0, max)) {
      const object = await this.#objects.get(key)
      if (object === undefined) continue
      const [shard, sequence] = key.slice(PREFIX.length).split("/")
      const { outcome } = await redrive(this.#log, { shard, sequence, data: object.body })
      if (outcome === "failed") {
        failed++
        continue
      }
      await this.#objects.deleteMany([key])
      redriven++
    }
    return { redriven, failed, remaining: await this.count() }
  }

  async #keys(): Promise<string[]> {
    const keys: string[] = []
    let after: string | undefined
    do {
      const page = await this.#objects.list(PREFIX, { after })
      for (const { key } of page.objects) keys.push(key)
      after = page.next
    } while (after !== undefined)
    return keys
  }
}
