import type { JournalDelivery, JournalRecord } from "../../shared/storage/journal.ts"
import type { LocalJournal } from "../../shared/storage/local/journal.ts"

/** Reads all that a journal holds and lets go of it. */
export async function readAvailable(journal: LocalJournal): Promise<JournalDelivery[]> {
  const found: JournalDelivery[] = []
  for (;;) {
    const deliveries = await journal.next(AbortSignal.abort())
    if (deliveries.length === 0) return found
    found.push(...deliveries)
    await journal.delivered(deliveries[deliveries.length - 1].position)
  }
}

export const record = (text: string, key = "k"): JournalRecord => ({
  key,
  data: new TextEncoder().encode(text),
})
export const textsOf = (deliveries: readonly JournalDelivery[]) =>
  deliveries.map(({ data }) => new TextDecoder().decode(data))
