import { deadRecordKey } from "../../functions/runtime/dead-letter.ts"
import { LogError } from "../../shared/log/errors.ts"
import { type DeliverOptions, deliver } from "../../shared/log/journal/deliver.ts"
import { appendToJournal } from "../../shared/log/journal/door.ts"
import { openLog } from "../../shared/log/open-log.ts"
import type { LogOptions } from "../../shared/log/options.ts"
import type { JournalDelivery } from "../../shared/storage/journal.ts"
import { type MemoryJournal, memoryJournal } from "../../shared/storage/memory/journal.ts"
import { checkHistory } from "./log-checker.ts"
import { recordSource } from "./log-clients.ts"
import { LogHistory, opValues } from "./log-history.ts"
import { LogTruth } from "./log-truth.ts"
import type { ProcessOptions, SimProcess } from "./sim-process.ts"
import { World } from "./world.ts"

const HOUR_MS = 3_600_000
const PARTITIONS = 2
const REQUESTS = 6
/** Alternately a slot that holds its records, and one that names an object. */
const VALUE_BYTES = [12, 700]
const GARBAGE = new Uint8Array([1, 2, 3])
/** Snapshots in items and in objects within few slots. */
const OPTIONS: Partial<LogOptions> = { inlineItemBytesMax: 500, snapshotSlots: 2, snapshotInlineBytesMax: 80 }

export interface DeliveryRun {
  /** Awaited port calls of the delivering process. */
  readonly calls: number
  readonly died: boolean
  readonly violations: readonly string[]
}

/**
 * Delivers a small journal in two overlapping cuts by a process that dies, or is frozen for hours, at one of its calls;
 * another delivers all of it from the start, after the death or during the freeze.
 */
export async function runDelivery(
  name: string,
  disturbed: Pick<ProcessOptions, "crashAt" | "freezeAt"> = {},
): Promise<DeliveryRun> {
  const history = new LogHistory()
  const truth = new LogTruth(history)
  const world = new World(`delivery ${name}`, {
    watch: {
      item: (table, item, date) => truth.item(table, item, date),
      object: (key, body, date) => truth.object(key, body, date),
    },
  })
  const journal = memoryJournal()
  const [shard] = journal.shards as [string]
  const letters = new Set<string>()
  const run = (process: SimProcess, cuts: readonly (readonly JournalDelivery[])[]) =>
    world.spawn(process, async () => {
      const log = openLog(process.ports, OPTIONS)
      const options = asideOf(world, process, letters)
      for (const cut of cuts) {
        // What passes is delivered again, as the shard does.
        while (!(await deliver(log, cut, options).then(() => true, onlyPassing)));
      }
      await log.idle()
    })
  const setUp = world.process("door")
  world.spawn(setUp, () => fill(world, setUp, journal, history))
  await world.settle()
  const all = journal.read(shard)
  const victim = world.process("victim", disturbed)
  run(victim, [all.slice(0, 8), all.slice(3)])
  if (disturbed.freezeAt === undefined) await world.settle()
  else await world.run({ forMs: HOUR_MS })
  const { calls, crashed: died } = victim
  run(world.process("successor"), [all])
  await world.settle()
  const key = deadRecordKey(shard, all.find(({ data }) => data.length === GARBAGE.length)!.position.sequence)
  if (!truth.uploads.has(key) || !letters.has(key)) history.violated("the record that is no entry is gone")
  checkHistory(history, truth)
  return { calls, died, violations: history.violations }
}

function onlyPassing(error: unknown): false {
  if (error instanceof LogError && error.code === "outcome_unknown") return false
  throw error
}

/** What is no entry becomes an object, and then a letter. */
function asideOf(world: World, process: SimProcess, letters: Set<string>): DeliverOptions {
  return {
    async setAside({ shard, sequence, data }) {
      const key = deadRecordKey(shard, sequence)
      await process.ports.objects.put(key, data)
      await world.call(process, "sqs.send", async () => void letters.add(key))
    },
  }
}

/** Two entries a request, one for each partition; a record amid them that is none. */
async function fill(
  world: World,
  { ports }: SimProcess,
  journal: MemoryJournal,
  history: LogHistory,
): Promise<void> {
  const log = openLog(ports, OPTIONS)
  const topic = await log.createTopic({ name: "a", partitions: PARTITIONS, owner: "http" })
  for (let request = 0; request < REQUESTS; request++) {
    if (request === REQUESTS / 2) await journal.put([{ key: "nobody's", data: GARBAGE }])
    const bytes = VALUE_BYTES[request % VALUE_BYTES.length]!
    const ops = Array.from({ length: PARTITIONS }, (_, partition) =>
      history.op({ topic: "a", partition, count: 2, dishonest: false, firstAt: world.now }),
    )
    const attempts = ops.map(op => history.begin(op, "door"))
    const parts = ops.map(({ id, count }, partition) => ({
      partition,
      records: recordSource(opValues(id, count, bytes)),
    }))
    const entries = await appendToJournal(log, journal, topic, parts)
    for (const [index, entry] of entries.entries()) {
      if (!("position" in entry)) throw entry.error
      ops[index]!.topicId = topic.id
      ops[index]!.position = entry.position
      history.end(attempts[index]!, "acked")
    }
  }
}
