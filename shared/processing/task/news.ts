import type { EngineBatch } from "../engine/engine.ts"
import type { CommitDraft, CommitRecord } from "./commit.ts"

/** Whether a draft says anything that the record before it does not: else it is not worth a commit. */
export function isNews(draft: CommitDraft, before: CommitRecord, batches: readonly EngineBatch[]): boolean {
  return (
    batches.some(batch => batch.batches.length > 0 || batch.ended) ||
    draft.change !== undefined ||
    draft.outputs.length > 0 ||
    draft.sinks.length > 0 ||
    draft.nextTimer !== before.nextTimer ||
    draft.times.some(({ watermark }, index) => watermark !== before.times[index]?.watermark)
  )
}
