import { readFileSync } from "node:fs"
import { join } from "node:path"
import fc from "fast-check"
import { expect, test } from "vitest"
import { readJob } from "../../shared/processing/jobs/job-codec.ts"
import { RunWriter, readRun } from "../../shared/processing/state/run-codec.ts"
import { type CommitRecord, NO_COUNTERS, type Piece } from "../../shared/processing/task/commit.ts"
import { commitItem, readCommit } from "../../shared/processing/task/commit-codec.ts"

// Golden files: what version 1 of each stored format looks like, for as long as it may lie in somebody's bucket.
const golden = JSON.parse(
  readFileSync(join(import.meta.dirname, "../golden/processing/formats-v1.json"), "utf8"),
) as { commit: string; run: string; job: Record<string, never> }
const unhex = (text: string) => new Uint8Array(Buffer.from(text, "hex"))

const task = { job: "0123", generation: 3, stage: 0, index: 2 }
const key = "job/0123/3/0-2/7-89ab"
const piece = (offset: number): Piece => ({ kind: "object", key, offset, length: 5, crc: 4_294_967_295 })

const record: CommitRecord = {
  seq: 7,
  kind: "commit",
  commitId: "v7",
  time: 1_767_225_600_123,
  inputs: [
    {
      uid: "source",
      topicId: "t1",
      partition: 0,
      next: 2 ** 53 - 1,
      maxTimestamp: Number.NEGATIVE_INFINITY,
      idle: true,
      ended: false,
    },
    {
      uid: "source",
      topicId: "t1",
      partition: 1,
      next: 5,
      maxTimestamp: 9,
      idle: false,
      ended: true,
      mark: 8,
      end: 5,
    },
  ],
  times: [
    { watermark: Number.NEGATIVE_INFINITY, idle: false },
    { watermark: 9_007_199_254_740_991, idle: true },
  ],
  runs: [
    {
      level: -1,
      seq: 3,
      entries: 0,
      bytes: 5,
      groups: [0, 256],
      heap: 99,
      without: ["old"],
      piece: piece(0),
    },
    { level: 0, seq: 7, entries: 1, bytes: 2, piece: { kind: "inline", bytes: unhex("0102") } },
  ],
  outputs: [{ topicId: "t2", partition: 1, sequence: 2 ** 31 - 1, count: 2, piece: piece(5) }],
  sinks: [{ sink: 1, piece: piece(10) }],
  sequences: { "t2#1": 1 },
  nextTimer: 1_767_225_601_000,
  published: 6,
  counters: { ...NO_COUNTERS, recordsIn: 12 },
}

function plain(read: CommitRecord): unknown {
  return JSON.parse(
    JSON.stringify(read, (_, value) =>
      value instanceof Uint8Array || (value as { type?: string } | null)?.type === "Buffer"
        ? Buffer.from(value as Uint8Array).toString("hex")
        : value === Number.NEGATIVE_INFINITY
          ? "-inf"
          : value,
    ),
  )
}

test("a commit record of version 1 is read as it was written", () => {
  const { fields, ...item } = commitItem(task, record)
  expect(fields).toMatchObject({ v: 1, kind: "commit" })
  const stored = { ...item, fields: { v: 1, kind: "commit", record: unhex(golden.commit) } }
  expect(plain(readCommit(stored))).toEqual(plain(record))
  expect(plain(readCommit(commitItem(task, record)))).toEqual(plain(record))
  expect(() => readCommit({ ...stored, fields: { ...stored.fields, v: 2 } })).toThrow("format 2, expected 1")
  expect(() => readCommit({ ...stored, fields: { ...stored.fields, record: unhex("ff00") } })).toThrow(
    "commit record",
  )
})

test("a run of version 1 is read as it was written", () => {
  const read: unknown[] = []
  readRun(unhex(golden.run), (group, uid, name, value) => {
    read.push([group, uid, Buffer.from(name).toString(), value && Buffer.from(value).toString()])
  })
  expect(read).toEqual([
    [1, "b", "x", ""],
    [200, "a", "k", "value"],
    [200, "a", "gone", undefined],
  ])
  const later = unhex(golden.run)
  later[0] = 2
  expect(() => readRun(later, () => {})).toThrow("format 2, expected 1")
})

test("a job of version 1 is read as it was written", () => {
  const item = { pk: "jobs", sk: "clicks", version: "v", fields: golden.job }
  expect(readJob(item)).toMatchObject({
    name: "clicks",
    generation: 2,
    tasks: [
      [
        ["t1", 0],
        ["t1", 1],
      ],
      [["t2", 0]],
    ],
  })
  expect(() => readJob({ ...item, fields: { ...golden.job, v: 2 } as never })).toThrow("format 2, expected 1")
})

test("any run is read as it was written, sections in order; a damaged one is told", () => {
  const entry = fc.tuple(
    fc.integer({ min: 0, max: 255 }),
    fc.constantFrom("a", "b", "c"),
    fc.uint8Array({ maxLength: 9 }),
    fc.option(fc.uint8Array({ maxLength: 9 }), { nil: undefined }),
  )
  fc.assert(
    fc.property(fc.array(entry, { maxLength: 40 }), fc.nat(), (entries, cut) => {
      const writer = new RunWriter()
      for (const each of entries) writer.add(...each)
      const bytes = writer.finish()
      const read: unknown[] = []
      readRun(bytes, (group, uid, name, value) => {
        read.push([group, uid, name.slice(), value?.slice()])
      })
      const text = (list: readonly unknown[]) => list.map(each => JSON.stringify(each)).sort()
      expect(text(read)).toEqual(text(entries))
      expect(() => readRun(bytes.subarray(0, cut % bytes.length), () => {})).toThrow()
    }),
  )
})
