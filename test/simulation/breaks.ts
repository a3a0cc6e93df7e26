import { FUNCTION_BREAKS } from "./function-breaks.ts"
import type { Emphasis } from "./log-scenario.ts"
import type { Workload } from "./simulate-seed.ts"
import { STREAM_BREAKS } from "./stream-breaks.ts"
import { TABLE_BREAKS } from "./table-breaks.ts"
import { TASK_BREAKS } from "./task-breaks.ts"

/** One line of production code, broken on purpose: the simulation has to notice. */
export interface Break {
  readonly name: string
  readonly workload: Workload
  /** Of the runs that are to notice it; default: what their seeds choose. */
  readonly emphasis?: Emphasis
  /** From the repository's root. */
  readonly file: string
  /** Stands in the file exactly once. */
  readonly find: string
  readonly replace: string
  /** What goes wrong in the world when this is wrong. */
  readonly story: string
}

const LOG_BREAKS: readonly Omit<Break, "workload">[] = [
  {
    name: "acknowledge before the object is stored",
    file: "shared/log/flusher.ts",
    find: "date = await uploadObject(this.#ports, key, pieces, this.#signal)",
    replace:
      "date = storeDate; void uploadObject(this.#ports, key, pieces, this.#signal).catch(() => undefined)",
    story: "a slot points at an object that is not there yet, or never will be",
  },
  {
    name: "do not compare commit ids on a lost put",
    file: "shared/storage/settle.ts",
    find: 'if (isOwn(answer)) return { outcome: "committed", date: answer.date }',
    replace: "",
    story: "a hidden retry makes one's own success look like a loss, and the records are stored twice",
  },
  {
    name: "plan an unresolved put again",
    file: "shared/log/appender.ts",
    find: 'const settled = await settlePut(this.#ports, "log", item, options)',
    replace:
      'const settled = await settlePut(this.#ports, "log", item, { ...options, patienceMs: 0 }); if (settled.outcome === "unknown") { await view.catchUp(); return "lost" }',
    story: "an unknown put is taken for a lost one; when it lands after all, its records stand twice",
  },
  {
    name: "trust a stale view",
    emphasis: "suspended",
    file: "shared/log/appender.ts",
    find: "let notAfter = Math.min(view.notAfter(), plan.date + WRITE_AFTER_READ_MS)",
    replace: "let notAfter = Number.MAX_SAFE_INTEGER",
    story: "a writer that was frozen for hours appends by what it knew then",
  },
  {
    name: "forget producers in snapshots",
    file: "shared/log/snapshot.ts",
    find: "writeProducers(out, state.producers)",
    replace: "writeProducers(out, new Map())",
    story: "a cold writer does not know a producer's sequences and stores a retry again",
  },
  {
    name: "keep a producer's order in snapshots by its id",
    file: "shared/log/snapshot.ts",
    find: "for (const [id, producer] of producers) {",
    replace: "for (const [id, producer] of [...producers].sort((a, b) => a[0] - b[0])) {",
    story: "after a snapshot others expire than in processes that folded the slots",
  },
  {
    name: "keep slots under the topic's name",
    file: "shared/log/partitions.ts",
    find: "this.#appenderOf(topic.info.id, partition, facts)",
    replace: "this.#appenderOf(topic.info.name, partition, facts)",
    story: "a topic that is made anew meets the slots of the old one",
  },
  {
    name: "skip the contiguity check",
    file: "shared/log/view.ts",
    find: "if (slot.base > state.end) {",
    replace: "state.end = Math.max(state.end, slot.base); if (slot.base > state.end) {",
    story: "a lost slot goes unnoticed: writers go on behind the hole",
  },
  {
    name: "answer a gap from a stale view",
    file: "shared/log/plan.ts",
    find: 'judged.verdict === "gap" && input.readTicket < append.ticket',
    replace: 'judged.verdict === "gap" && input.readTicket < 0',
    story: "a producer that appended elsewhere is told that its records are missing",
  },
  {
    name: "let a plan refuse",
    emphasis: "lies",
    file: "shared/log/plan.ts",
    find: "} else if (overlay.has(append.range.id)) {",
    replace: "} else if (overlay.has(-1)) {",
    story: "an append is refused for what is planned beside it, and never stored",
  },
  {
    name: "name an object however long after its upload",
    emphasis: "crawling",
    file: "shared/log/appender.ts",
    find: "if (uploaded !== undefined) notAfter = Math.min(notAfter, uploaded.date + NAME_AFTER_UPLOAD_MS)",
    replace: "",
    story: "a slot names an object that the collector may have taken for an orphan",
  },
  {
    name: "close a partition with a slot that takes up an offset",
    file: "shared/log/slot.ts",
    find: "n: slot.next,",
    replace: "n: slot.next + Number(slot.next === slot.base),",
    story: "the end moves past the closing slot, and another slot can follow it",
  },
  {
    name: "free a topic's name before its partitions are closed",
    file: "shared/log/open-log.ts",
    find: "partition < marked.info.partitions; partition++",
    replace: "partition < marked.info.partitions - 1; partition++",
    story: "a writer that still knows the old id goes on appending where nobody reads",
  },
  {
    name: "recover a topic by its name",
    emphasis: "deletions",
    file: "shared/log/open-log.ts",
    find: "if (read.deleting) await this.#carryThrough(read)",
    replace: "if (read.deleting) await this.deleteTopic(read.info.name, read.info.owner)",
    story: "the old topic's deletion is carried through on the new one",
  },
  {
    name: "put a snapshot in place of a higher one",
    file: "shared/log/view.ts",
    find: "if (standing !== undefined && standing.end >= end) return standing",
    replace: "",
    story: "cold writers start from further back, and one day from below what is deleted",
  },
  {
    name: "roll up without a snapshot",
    file: "shared/log/segments/roll-up.ts",
    find: "await view.snapshot()",
    replace: "",
    story: "slots may be deleted that cold writers have to fold",
  },
  {
    name: "keep offsets in segments as they came",
    file: "shared/log/segments/roll-up.ts",
    find: "patchBaseOffset(bytes, base)",
    replace: "",
    story: "records move to other offsets when they are rolled up",
  },
  {
    name: "look for old records in slots",
    file: "shared/log/reader.ts",
    find: "if (offset < index.end) return",
    replace: "if (offset < index.start) return",
    story: "what was rolled up cannot be read any more once its slots are deleted",
  },
]

const of = (workload: Break["workload"]) => (entry: Omit<Break, "workload">) => ({ ...entry, workload })

export const BREAKS: readonly Break[] = [
  ...LOG_BREAKS.map(of("log")),
  ...TABLE_BREAKS.map(of("table")),
  ...FUNCTION_BREAKS,
  ...TASK_BREAKS.map(of("tasks")),
  ...STREAM_BREAKS,
]
