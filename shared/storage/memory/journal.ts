import { StorageError } from "../errors.ts"
import type { Journal, JournalDelivery, JournalPut, JournalRecord } from "../journal.ts"
import { checkJournalPut } from "../journal-checks.ts"

/**
 * What goes wrong with a record:
 *
 * - `refuse`: the answer is `refused`;
 * - `timeout-before`, `timeout-after`: the answer is `unknown`; never taken, or taken;
 * - `late`: the answer is `unknown`; taken once `at` resolves.
 */
export type JournalFault =
  | { readonly kind: "refuse" | "timeout-before" | "timeout-after" }
  | { readonly kind: "late"; readonly at: Promise<unknown> }

export interface MemoryJournalOptions {
  /** Default 1. */
  readonly shards?: number
  /** Asked for each record when its turn comes; may take its time. */
  readonly fault?: (record: JournalRecord) => Promise<JournalFault | undefined>
}

export interface MemoryJournal extends Journal {
  /** The shards' names. */
  readonly shards: readonly string[]
  /** Records `from` to `to - 1` of those that a shard has taken, in their order: handed over as often as asked for. */
  read(shard: string, from?: number, to?: number): JournalDelivery[]
}

/** The first sequence: those after it soon have more digits, which a comparison as text alone gets wrong. */
const FIRST_SEQUENCE = 7n
/** Sequences have gaps, as Kinesis's have. */
const SEQUENCE_STEP = 3n

/** A journal in memory, with every fault at a test's command. */
export function memoryJournal({ shards = 1, fault }: MemoryJournalOptions = {}): MemoryJournal {
  const taken = new Map<string, JournalDelivery[]>()
  for (let shard = 0; shard < shards; shard++) taken.set(`shard-${shard}`, [])
  const names = [...taken.keys()]
  let sequence = FIRST_SEQUENCE

  const take = ({ key, data }: JournalRecord): JournalPut => {
    const position = { shard: names[sumOf(key) % shards], sequence: String(sequence) }
    sequence += SEQUENCE_STEP
    taken.get(position.shard)!.push({ position, data })
    return { outcome: "committed", position }
  }
  const put = async (record: JournalRecord): Promise<JournalPut> => {
    const wrong = await fault?.(record)
    switch (wrong?.kind) {
      case undefined:
        return take(record)
      case "refuse":
        return { outcome: "refused", cause: new StorageError("unavailable", "throttled") }
      case "timeout-after":
        take(record)
        break
      case "late":
        void wrong.at.then(() => take(record))
        break
    }
    return { outcome: "unknown", cause: new StorageError("unavailable", "timed out") }
  }
  return {
    shards: names,
    async put(records) {
      checkJournalPut(records)
      const given = records.map(({ key, data }) => ({ key, data: data.slice() }))
      await undefined
      const puts: JournalPut[] = []
      const failed = new Set<string>()
      for (const record of given) {
        const outcome: JournalPut = failed.has(record.key) ? { outcome: "refused" } : await put(record)
        if (outcome.outcome !== "committed") failed.add(record.key)
        puts.push(outcome)
      }
      return puts
    },
    read: (shard, from, to) =>
      (taken.get(shard) ?? [])
        .slice(from, to)
        .map(({ position, data }) => ({ position, data: data.slice() })),
  }
}

function sumOf(key: string): number {
  let sum = 0
  for (let at = 0; at < key.length; at++) sum += key.charCodeAt(at)
  return sum
}
