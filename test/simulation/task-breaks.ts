import type { Break } from "./breaks.ts"

export const TASK_BREAKS: readonly Omit<Break, "workload">[] = [
  {
    name: "use warm state that an unfinished batch has touched",
    file: "shared/processing/task/warm-engine.ts",
    find: "if (this.#warm !== undefined) this.#warm = { ...this.#warm, dirty: true }",
    replace: "",
    story: "a batch is worked through twice on the same state, and its records are counted twice",
  },
  {
    name: "put commits without a condition",
    file: "shared/processing/task/commit-store.ts",
    find: "      condition: { absent: true },",
    replace: "",
    story: "of two workers both win, and the later one's record hides the other's",
  },
  {
    name: "take the head for published",
    file: "shared/processing/task/runner.ts",
    find: "this.#published = Math.max(this.#published, record?.published ?? -1)",
    replace: "this.#published = Math.max(this.#published, record?.seq ?? -1)",
    story: "what a worker committed before it died is never published",
  },
  {
    name: "mark a commit as published in its own record",
    file: "shared/processing/task/runner.ts",
    find: "viewDate: Math.min(jobDate, date),\n      published: this.#published,",
    replace: "viewDate: Math.min(jobDate, date),\n      published: (record?.seq ?? -1) + 1,",
    story: "nobody publishes what a worker that died did not",
  },
  {
    name: "begin a generation before all is published",
    file: "shared/processing/jobs/carry-intent.ts",
    find: "if (from < sealed.seq) {",
    replace: "if (from < 0) {",
    story: "the old generation's producer is retired with results left",
  },
  {
    name: "begin a generation from a head that is not sealed",
    file: "shared/processing/jobs/carry-intent.ts",
    find: 'if (head?.kind === "sealed") return { record: head, date }',
    replace: "if (head !== undefined) return { record: head, date }",
    story: "the old generation goes on, and its records are counted by both",
  },
  {
    name: "go on with the old generation's sequences",
    file: "shared/processing/jobs/start-record.ts",
    find: "    sequences: {},",
    replace: "    sequences: record.sequences,",
    story: "a new producer's first results are taken for a gap",
  },
  {
    name: "give producers' ids twice",
    file: "shared/processing/jobs/producer-ids.ts",
    find: "next: first + PRODUCERS_PER_GENERATION }",
    replace: "next: first }",
    story: "a new generation's results are refused as a retired producer's",
  },
  {
    name: "read the newest changes of the state first",
    file: "shared/processing/state/run-levels.ts",
    find: "const rank = ({ level, seq }: RunInfo) => (level === -1 ? -1 : seq)",
    replace: "const rank = ({ level, seq }: RunInfo) => (level === -1 ? -1 : -seq)",
    story: "old values take the place of new ones when a state is read back",
  },
  {
    name: "begin a generation where the log begins",
    file: "shared/processing/task/opening.ts",
    find: "if (before !== undefined) inputs.push(before)",
    replace: "if (before !== undefined) inputs.push({ ...before, next: 0 })",
    story: "records that the state has counted are read again",
  },
  {
    name: "work on with records that were read for another head",
    file: "shared/processing/task/runner.ts",
    find: "if (before?.commitId === record?.commitId) return",
    replace: "if (before !== undefined) return",
    story: "what another worker has committed meanwhile is worked through again",
  },
  {
    name: "delete records as soon as they are published",
    file: "shared/processing/jobs/collect-commits.ts",
    find: "export const COMMIT_KEPT_MS = 60 * 60_000",
    replace: "export const COMMIT_KEPT_MS = -WRITE_AFTER_READ_MS",
    story:
      "a worker that was frozen puts a record in a place that was emptied, and another finds its state gone",
  },
]
