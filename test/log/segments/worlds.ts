import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { localClock } from "../../../shared/storage/local/clock.ts"
import { openLocalStores } from "../../../shared/storage/local/local-stores.ts"
import { localRandom } from "../../../shared/storage/local/random.ts"
import { localWake } from "../../../shared/storage/local/wake.ts"
import type { Clock, Ports } from "../../../shared/storage/time.ts"
import { memoryPorts } from "../../support/memory-ports.ts"

/** Stores whose time a test moves on, and the ports of processes over them. */
export interface TestWorld {
  readonly ports: Ports
  advance(ms: number): void
  /** The keys of all objects under a prefix. */
  objects(prefix: string): Promise<string[]>
  /** Slots of a partition. */
  slots(topicId: string, partition?: number): Promise<number>
  close(): Promise<void>
}

export const worlds = { memory: memoryWorld, local: localWorld }

function worldOver(ports: Ports, advance: (ms: number) => void, close: () => Promise<void>): TestWorld {
  return {
    ports,
    advance,
    async objects(prefix) {
      return (await ports.objects.list(prefix)).objects.map(({ key }) => key)
    },
    async slots(topicId, partition = 0) {
      const query = { pk: `${topicId}#${partition}`, from: "s#", to: "s#~" }
      let count = 0
      for (let after: string | undefined; ; ) {
        const page = await ports.meta.queryPage("log", query, after)
        count += page.items.length
        after = page.next
        if (after === undefined) return count
      }
    },
    close,
  }
}

async function memoryWorld(): Promise<TestWorld> {
  const ports = memoryPorts()
  return worldOver(
    ports,
    ms => ports.advance(ms),
    async () => {},
  )
}

async function localWorld(): Promise<TestWorld> {
  const folder = await mkdtemp(join(tmpdir(), "millrace-life-"))
  const real = localClock()
  let moved = 0
  const clock: Clock = {
    now: () => real.now() + moved,
    elapsed: () => real.elapsed() + moved,
    sleep: (ms, signal) => real.sleep(ms, signal),
  }
  const stores = await openLocalStores(folder, clock)
  const ports = { ...stores, clock, random: localRandom(), wake: localWake() }
  const advance = (ms: number) => {
    moved += ms
  }
  return worldOver(ports, advance, async () => {
    await stores.close()
    await rm(folder, { recursive: true })
  })
}
