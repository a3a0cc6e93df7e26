import type { Break } from "./breaks.ts"

/** Lines of transactions, groups and the life of data: what clients see then is no sound log. */
const LINES: readonly Omit<Break, "workload">[] = [
  {
    name: "show aborted records",
    file: "shared/log/transactions/outcomes.ts",
    find: "(flags & CONTROL) !== 0 || aborted.has(offset)",
    replace: "(flags & CONTROL) !== 0",
    story: "a reader of committed records gets what was aborted",
  },
  {
    name: "let markers carry the transaction's own epoch",
    file: "shared/log/transactions/markers.ts",
    find: "const producerEpoch = epoch + 1",
    replace: "const producerEpoch = epoch",
    story: "a marker is taken for one that stands already, and the transaction stays open for ever",
  },
  {
    name: "append to a transaction without registering",
    file: "shared/log/transactions/registrations.ts",
    find: "return known?.epoch === epoch && this.#isNew(known) && known.places.has(placeKey(place))",
    replace: "return known?.epoch !== epoch || known.places.has(placeKey(place)) || true",
    story: "nobody knows of an abandoned transaction: readers wait for it for ever",
  },
  {
    name: "commit small transactions without their offsets",
    file: "shared/log/transactions/small-commit.ts",
    find: "const steps = [...slotSteps(parts, slots), ...sets.steps]",
    replace: "const steps = [...slotSteps(parts, slots)]",
    story: "what was consumed is consumed again, and its results stand twice",
  },
  {
    name: "commit large transactions without their offsets",
    file: "shared/log/transactions/stored-transactions.ts",
    find: "return this.#decide(read, { committed: true }, { steps, notAfter: notAfterOf(date) })",
    replace:
      "return this.#decide(read, { committed: true }, { steps: steps.slice(0, 0), notAfter: notAfterOf(date) })",
    story: "what was consumed is consumed again, and its results stand twice",
  },
  {
    name: "keep the epoch of a transaction that is decided",
    file: "shared/log/transactions/transaction-item.ts",
    find: "{ producerId: fresh(), epoch: 0 } : { producerId, epoch: epoch + 1 }",
    replace: "{ producerId: fresh(), epoch: 0 } : { producerId, epoch }",
    story: "a late request of one transaction is taken for the next one's",
  },
  {
    name: "mark every decided transaction as committed",
    file: "shared/log/transactions/completion.ts",
    find: "await markAll(this.#appends, state.partitions, decided, date)",
    replace: "await markAll(this.#appends, state.partitions, { ...decided, committed: true }, date)",
    story: "what was aborted is read",
  },
  {
    name: "commit what a successor finds open",
    file: "shared/log/transactions/stored-transactions.ts",
    find: "{ committed: false, fences: true, timeoutMs }",
    replace: "{ committed: true, fences: true, timeoutMs }",
    story: "a part of what a dead producer had begun is read",
  },
  {
    name: "commit what is overdue",
    file: "shared/log/transactions/stored-transactions.ts",
    find: "const replaced = await this.#decide(read, { committed: false })\n    if",
    replace: "const replaced = await this.#decide(read, { committed: true })\n    if",
    story: "a part of what a dead producer had begun is read",
  },
  {
    name: "let who no longer owns a partition commit its offset",
    file: "shared/log/groups/offset-rights.ts",
    find: "if (stamp !== undefined) return isOwner(record, stamp) ? undefined : fenced(at, stamp)",
    replace: "if (stamp !== undefined) return undefined",
    story: "a member that was replaced commits what its successor has not read, or has gone past",
  },
  {
    name: "forget a group's offsets at once",
    file: "shared/log/groups/expire.ts",
    find: "return date > Math.max(emptySince, committed) + OFFSETS_RETENTION_MS",
    replace: "return date > Math.max(emptySince, committed) - OFFSETS_RETENTION_MS",
    story: "a group that nobody is in for a while begins anew",
  },
  {
    name: "roll aborted records up",
    file: "shared/log/segments/roll-plan.ts",
    find: "if (at < count && length > 0 && !isAborted) kept.add(entry)",
    replace: "if (at < count && length > 0) kept.add(entry)",
    story: "what nobody could read is read once it is a day old",
  },
  {
    name: "compact the newest record of a key away",
    file: "shared/log/segments/compact.ts",
    find: "return keys.newest(cursor.buffer, keyStart, keyEnd) <= offset",
    replace: "return keys.newest(cursor.buffer, keyStart, keyEnd) !== offset",
    story: "a key's last value is lost",
  },
  {
    name: "cut whole segments where a log begins within one",
    file: "shared/log/segments/cut.ts",
    find: "segments: index.segments.filter(({ next }) => next > start)",
    replace: "segments: index.segments.filter(({ base }) => base >= start)",
    story: "records behind those that were deleted go with them",
  },
  {
    name: "roll up without what follows it on the way",
    file: "shared/log/segments/roll-up.ts",
    find: "const next = withSegment(read.index, segment, read.date)",
    replace: "const next = withSegment(read.index, { ...segment, next: segment.next + 1 }, read.date)",
    story: "the record behind a segment is in none and in no slot that is looked at",
  },
]

export const STREAM_BREAKS: readonly Break[] = LINES.map(line => ({ ...line, workload: "streams" }))
