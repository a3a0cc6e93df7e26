import { deliver } from "../log/journal/deliver.ts"
import type { Log } from "../log/types.ts"
import type { Journal } from "../storage/journal.ts"
import type { LocalJournal } from "../storage/local/journal.ts"
import { openLocalJournal } from "../storage/local/open-journal.ts"
import type { Ports } from "../storage/time.ts"
import type { DeadRecords } from "./dead-records.ts"

/** The pause before records that could not be appended are tried again … */
const RETRY_MS = 100
/** … doubling up to this. */
const RETRY_MS_MAX = 5_000
/** A stop waits this long for what the journal holds; the rest is appended by the next start. */
const DRAIN_MS_MAX = 10_000

export interface JournalOptions {
  readonly folder: string
  readonly log: Log
  readonly ports: Pick<Ports, "clock" | "random">
  readonly dead: DeadRecords
  /** Told of faults that no request sees: each one line. */
  readonly report: (line: string) => void
}

export interface EmbeddedJournal {
  readonly journal: Journal
  /** Takes no more, and appends what there is. */
  close(): Promise<void>
}

/**
 * Opens the home's journal and appends what it holds, also what an earlier process left.
 * Throws `StorageError` (`corrupt`, `unknown_format`, `unavailable`).
 */
export async function openJournal(options: JournalOptions): Promise<EmbeddedJournal> {
  const journal = await openLocalJournal(options.folder, { random: options.ports.random })
  if (journal.cutBytes > 0) options.report(`journal: cut an unfinished end of ${journal.cutBytes} bytes`)
  const closing = new AbortController()
  const appending = append(journal, options, closing.signal)
  return {
    journal,
    async close() {
      await journal.end()
      closing.abort()
      await appending
      await journal.close()
    },
  }
}

/** Appends what the journal holds until it is closing and nothing is left, or cannot be appended now. */
async function append(
  journal: LocalJournal,
  { log, ports: { clock }, dead, report }: JournalOptions,
  closing: AbortSignal,
): Promise<void> {
  let pauseMs = RETRY_MS
  let told = ""
  let closeBy = Number.POSITIVE_INFINITY
  closing.addEventListener("abort", () => {
    closeBy = clock.elapsed() + DRAIN_MS_MAX
  })
  while (clock.elapsed() < closeBy) {
    try {
      const deliveries = await journal.next(closing)
      const last = deliveries.at(-1)
      if (last === undefined) return
      const { dropped, setAside } = await deliver(log, deliveries, { setAside: record => dead.keep(record) })
      await journal.delivered(last.position)
      if (dropped > 0) report(`journal: dropped ${dropped} entries of deleted topics`)
      if (setAside > 0)
        report(`journal: set ${setAside} records aside that are no entries; see GET /dead-letters`)
      pauseMs = RETRY_MS
      told = ""
    } catch (error) {
      const text = `journal: ${error instanceof Error ? error.message : String(error)}; trying again`
      if (text !== told) report(text)
      told = text
      if (closing.aborted) return
      await clock.sleep(pauseMs, closing)
      pauseMs = Math.min(2 * pauseMs, RETRY_MS_MAX)
    }
  }
}
