import fc from "fast-check"
import { expect, test } from "vitest"
import type { StateTable, StateVisitor } from "../../shared/processing/operator.ts"
import { KEY_GROUPS } from "../../shared/processing/operator.ts"
import { takeChanges, takeGroups } from "../../shared/processing/state/run-codec.ts"
import { baseSeqs, inOrder, readRunOf, STATE_SLACK_BYTES } from "../../shared/processing/state/run-levels.ts"
import { type CommitRecord, NO_COUNTERS } from "../../shared/processing/task/commit.ts"
import { CommitStore, type CommitStoreOptions } from "../../shared/processing/task/commit-store.ts"
import { memoryPorts } from "../support/memory-ports.ts"
import { chance } from "./task-support.ts"

const task = { job: "j", generation: 1, stage: 0, index: 0 }
const draft = {
  times: [],
  outputs: [],
  sinks: [],
  sequences: {},
  nextTimer: undefined,
  counters: NO_COUNTERS,
}

/** A table of text keys and sized values. */
class Table implements StateTable {
  readonly entries = new Map<string, Uint8Array>()
  readonly #groups = Array.from({ length: KEY_GROUPS }, () => new Set<string>())
  /** Once stored, about. */
  stored = 0
  #changed = new Set<string>()
  bytes = 0

  set(key: string, value: Uint8Array | undefined): void {
    this.#changed.add(key)
    this.#put(key, value)
  }

  #put(key: string, value: Uint8Array | undefined): void {
    const before = this.entries.get(key)
    const group = this.#groups[groupOf(key)] as Set<string>
    if (before !== undefined) {
      this.bytes -= before.length + 100
      this.stored -= before.length + key.length + 2
    }
    if (value === undefined) {
      this.entries.delete(key)
      group.delete(key)
    } else {
      group.add(key)
      this.entries.set(key, value)
      this.stored += value.length + key.length + 2
      this.bytes += value.length + 100
    }
  }

  takeChanges(visit: StateVisitor): void {
    for (const key of this.#changed) this.#visit(visit, groupOf(key), key)
    this.#changed = new Set()
  }

  readGroup(group: number, visit: StateVisitor): void {
    for (const key of this.#groups[group] as Set<string>) this.#visit(visit, group, key)
  }

  #visit(visit: StateVisitor, group: number, key: string): void {
    const value = this.entries.get(key)
    const bytes = Buffer.concat([Buffer.from(key), value ?? new Uint8Array()])
    visit.entry(group, bytes, key.length, value === undefined ? -1 : bytes.length)
  }

  load(_group: number, key: Uint8Array, value: Uint8Array | undefined): void {
    this.#put(Buffer.from(key).toString(), value?.slice())
  }

  loaded(): void {}
}

function groupOf(key: string): number {
  return (Number(key.slice(1)) * 31) % KEY_GROUPS
}

/** A task with state, as its commits store it. */
class Stateful {
  readonly ports = memoryPorts()
  readonly table = new Table()
  readonly states = new Map([["op", this.table]])
  readonly store: CommitStore
  head: CommitRecord | undefined

  constructor(options: CommitStoreOptions = {}) {
    this.store = new CommitStore(this.ports, options)
  }

  async commit(): Promise<void> {
    const { head, table, states } = this
    const date = this.ports.clock.now()
    const answer = await this.store.commit({
      task,
      seq: head === undefined ? 0 : head.seq + 1,
      runs: head?.runs ?? [],
      time: date,
      viewDate: date,
      published: -1,
      inputs: [],
      draft: { ...draft, change: takeChanges(states) },
      stateBytes: table.bytes,
      writeGroups: (from, to) => takeGroups(states, from, to),
    })
    if (answer.outcome !== "committed") throw new Error(answer.outcome)
    this.head = answer.record
  }

  /** What another process reads of it. */
  async recovered(): Promise<{ entries: Map<string, Uint8Array>; bytes: number; deltas: number }> {
    const store = new CommitStore(this.ports)
    const { head } = await store.head(task)
    this.ports.counts.reset()
    const runs = await store.state(head?.runs ?? [])
    const bytes = runs.reduce((sum, { run }) => sum + run.length, 0)
    const table = new Table()
    const base = baseSeqs(runs)
    for (const run of inOrder(runs))
      readRunOf(run, base, (group, _, key, value) => table.load(group, key, value))
    return { entries: table.entries, bytes, deltas: runs.filter(({ level }) => level >= 0).length }
  }
}

test("any history of changes is read back as it stands, after every commit", async () => {
  const change = fc.tuple(fc.integer({ min: 0, max: 40 }), fc.option(fc.uint8Array({ maxLength: 30 })))
  const commits = fc.array(fc.array(change, { maxLength: 6 }), { maxLength: 90 })
  await fc.assert(
    fc.asyncProperty(commits, fc.constantFrom(0, 200, 8192), async (history, inlineBytesMax) => {
      const state = new Stateful({ inlineBytesMax })
      for (const [index, changes] of history.entries()) {
        for (const [key, value] of changes) state.table.set(`k${key}`, value ?? undefined)
        await state.commit()
        if (index % 7 === 6 || index === history.length - 1) {
          expect((await state.recovered()).entries).toEqual(state.table.entries)
        }
      }
    }),
    { numRuns: 25 },
  )
})

/** What one commit of a history does: how many keys it sets and removes. */
const histories: readonly (readonly [
  name: string,
  change: (commit: number) => { set: number; remove: number },
])[] = [
  ["only new keys", () => ({ set: 150, remove: 0 })],
  ["ever the same keys", () => ({ set: 150, remove: 0 })],
  ["new keys, and old ones removed", () => ({ set: 150, remove: 140 })],
  [
    "grows, then shrinks to nothing",
    commit => (commit < 200 ? { set: 150, remove: 0 } : { set: 0, remove: 140 }),
  ],
  ["waves", commit => (commit % 100 < 50 ? { set: 150, remove: 0 } : { set: 0, remove: 150 })],
]

for (const [name, change] of histories) {
  test(`recovery reads at most twice the live state and 64 deltas: ${name}`, {
    timeout: 60_000,
  }, async () => {
    const state = new Stateful()
    const next = chance(11)
    let made = 0
    let worst = 0
    let deltas = 0
    for (let commit = 0; commit < 400; commit++) {
      const { set, remove } = change(commit)
      for (let index = 0; index < set; index++) {
        const key = name === "ever the same keys" ? next(20_000) : made++
        state.table.set(`k${key}`, new Uint8Array(60 + next(100)))
      }
      let gone = remove
      for (const key of state.table.entries.keys()) {
        if (gone-- <= 0) break
        state.table.set(key, undefined)
      }
      state.ports.counts.reset()
      await state.commit()
      const { metaPut, objectPut, objectGet } = state.ports.counts.calls
      expect([metaPut, objectPut <= 1, objectGet]).toEqual([1, true, 0])
      const runs = state.head?.runs ?? []
      const stored = runs.reduce((sum, { bytes }) => sum + bytes, 0)
      worst = Math.max(worst, stored - 2 * state.table.stored)
      deltas = Math.max(deltas, runs.filter(({ level }) => level >= 0).length)
    }
    expect(deltas).toBeLessThanOrEqual(64)
    // What small states are given in addition.
    expect(worst).toBeLessThanOrEqual(2 * STATE_SLACK_BYTES)
    expect((await state.recovered()).entries.size).toBe(state.table.entries.size)
  })
}

test("a commit whose place is taken is lost, and what was stored for it stands nowhere", async () => {
  const state = new Stateful({ inlineBytesMax: 0 })
  state.table.set("k1", new Uint8Array(10))
  await state.commit()
  const rival = new CommitStore(state.ports)
  const date = state.ports.clock.now()
  const base = { task, seq: 0, runs: [], time: date, viewDate: date, published: -1 }
  expect(await rival.seal(base, undefined, {})).toEqual({ outcome: "lost" })
  const late = { ...base, seq: 1, viewDate: date - 31 * 60_000 }
  expect(await rival.seal(late, undefined, {})).toEqual({ outcome: "unknown" })
  expect((await rival.head(task)).head?.seq).toBe(0)
})
