import type { Break } from "./breaks.ts"

/** Lines of what is new on functions, broken on purpose: journals, wakes, environments that are frozen. */
const JOURNAL_BREAKS: readonly Omit<Break, "workload">[] = [
  {
    name: "append what a journal hands over again",
    file: "shared/log/journal/plan-journalled.ts",
    find: "while (known < batches.length && isAtOrBelow(batches[known], last)) known++",
    replace: "",
    story: "a batch that is delivered twice stands twice",
  },
  {
    name: "take an entry at the last position for a new one",
    file: "shared/log/journal/source-order.ts",
    find: "(comparePositions(position, last) || position.index - last.index) <= 0",
    replace: "(comparePositions(position, last) || position.index - last.index) < 0",
    story: "the last entry of a delivery stands again when the next one repeats it",
  },
  {
    name: "let merged entries have the first one's position",
    file: "shared/log/slot-draft.ts",
    find: "const { sequence, index } = group[group.length - 1]",
    replace: "const { sequence, index } = group[0]",
    story: "entries that share a batch with earlier ones stand again when they are repeated",
  },
  {
    name: "judge a journal's entries by what was planned",
    file: "shared/log/appender.ts",
    find: "for (const first of plan.sources) {",
    replace: "for (const first of plan.sources.slice(plan.sources.length)) {",
    story: "two deliveries at once both append: the one that lost the slot moves along to the next",
  },
  {
    name: "compare positions as text",
    file: "shared/storage/journal.ts",
    find: "if (one.length !== two.length) return one.length - two.length",
    replace: "",
    story: "10 comes before 9: what follows a change of length is taken for seen, and lost",
  },
  {
    name: "forget a journal's positions in snapshots",
    file: "shared/log/snapshot.ts",
    find: "state.sources.set(from.text(), { sequence: from.text(), index: from.unsigned() })",
    replace: "from.text(), from.text(), from.unsigned()",
    story: "a cold environment appends again what was delivered before the snapshot",
  },
  {
    name: "put what a journal may have taken once more",
    file: "shared/log/journal/door.ts",
    find: "const puts = await journal.put(sent.filter(({ key }) => !failed.has(key)))",
    replace:
      'const asked = sent.filter(({ key }) => !failed.has(key)); const puts = [...await journal.put(asked)]; for (const [i, put] of puts.entries()) if (put.outcome === "unknown") puts[i] = (await journal.put([asked[i]!]))[0]!',
    story: "a put that timed out after it was taken stands twice",
  },
  {
    name: "acknowledge what a journal may have taken",
    file: "shared/log/journal/door.ts",
    find: 'put.outcome === "committed"\n          ?',
    replace: 'put.outcome !== "refused"\n          ?',
    story: "a client is told 202 of records that nobody has",
  },
  {
    name: "go on after a delivery that failed",
    file: "shared/log/journal/deliver.ts",
    find: "if (failure !== undefined) throw failure.reason",
    replace: "",
    story: "the shard moves on, and the later positions mark what failed as seen",
  },
  {
    name: "drop what cannot be appended just now",
    file: "shared/log/journal/deliver.ts",
    find: 'if (error.code === "topic_deleted")',
    replace: 'if (error.code !== "unknown_partition")',
    story: "a throttled partition's entries are lost like those of a deleted topic",
  },
]

const WAKE_BREAKS: readonly Omit<Break, "workload">[] = [
  {
    name: "remember a wake that was not taken",
    file: "functions/dispatch.ts",
    find: "await cloud.invoker.invokeLater(settings.MILLRACE_BUILD_FUNCTION, { tables: [{ table, partitions }] })",
    replace:
      "for (const { key, next } of wakes) memories.set(key, next); await cloud.invoker.invokeLater(settings.MILLRACE_BUILD_FUNCTION, { tables: [{ table, partitions }] })",
    story: "counting begins anew though nobody builds: the tail grows until the tick",
  },
  {
    name: "leave the last record to the next wake",
    file: "functions/runtime/tick.ts",
    find: "return lastStableOffset > position",
    replace: "return lastStableOffset > position + 1",
    story: "a single record beyond the position is never built",
  },
  {
    name: "wake for the first partition alone",
    file: "functions/runtime/tick.ts",
    find: "some.filter((_, index) => behind[index])",
    replace: "some.filter((_, index) => behind[index] && index === 0)",
    story: "what a lost wake left undone in another partition stays so",
  },
  {
    name: "tell a tail's age by the own clock",
    file: "shared/serving/builder/builder.ts",
    find: "ageMs: date - manifest.flushedAt,",
    replace: "ageMs: this.#ports.clock.elapsed(),",
    story: "a cold environment never finds a tail old enough",
  },
]

const of = (workload: Break["workload"]) => (entry: Omit<Break, "workload">) => ({ ...entry, workload })

export const FUNCTION_BREAKS: readonly Break[] = [
  ...JOURNAL_BREAKS.map(of("journal")),
  ...WAKE_BREAKS.map(of("wakes")),
]
