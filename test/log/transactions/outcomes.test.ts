import { expect, test } from "vitest"
import { ABORT, CONTROL, type Slot, type SlotEntry, TRANSACTIONAL } from "../../../shared/log/slot.ts"
import { Outcomes } from "../../../shared/log/transactions/outcomes.ts"
import { append } from "../support.ts"
import { memoryWorld, Producer, read } from "./support.ts"

function entry(id: number, flags: number, epoch = 0): SlotEntry {
  return {
    length: 1,
    count: 1,
    maxTimestamp: 0,
    flags,
    producer: { id, epoch, firstSequence: 0, lastSequence: 0 },
  }
}

const of = (id: number) => entry(id, TRANSACTIONAL)
const commit = (id: number) => entry(id, TRANSACTIONAL | CONTROL, 1)
const abort = (id: number) => entry(id, TRANSACTIONAL | CONTROL | ABORT, 1)
const plain = () => entry(99, 0)

/** Slots of these entries, one after the other. */
function slotsOf(...all: SlotEntry[][]): Slot[] {
  let base = 0
  return all.map(entries => {
    const slot: Slot = {
      base,
      next: base + entries.length,
      commitId: "",
      commitTime: 0,
      minTimestamp: 0,
      maxTimestamp: 0,
      entries,
      payload: { kind: "inline", bytes: new Uint8Array(entries.length) },
    }
    base = slot.next
    return slot
  })
}

/** The offsets of these slots that a reader gets. */
function seen(slots: readonly Slot[], omits: (entry: SlotEntry, offset: number) => boolean): number[] {
  return slots.flatMap(({ base, entries }) =>
    entries.map((each, at) => (omits(each, base + at) ? -1 : base + at)).filter(offset => offset >= 0),
  )
}

const log = slotsOf(
  [of(1), of(2), plain()],
  [abort(1), of(1)],
  [of(2), plain()],
  [of(1), commit(1)],
  [plain(), abort(2)],
  [of(1), commit(1), of(3), abort(3)],
)
const expected = [2, 4, 6, 7, 9, 11]

/** Reads on from a slot's base, one slot at a time, and counts. */
function readingOn(asked: number[]) {
  return async (from: number) => {
    asked.push(from)
    return log.filter(({ base }) => base === from)
  }
}

test("a view knows the ends of what it has folded", async () => {
  const outcomes = new Outcomes()
  for (const slot of log) outcomes.saw(slot)
  const asked: number[] = []
  expect(seen(log, await outcomes.omitted(log, 15, readingOn(asked)))).toEqual(expected)
  expect(asked).toEqual([])
})

test("what it has not folded is looked for once, no further than need be", async () => {
  const outcomes = new Outcomes()
  const asked: number[] = []
  const got: number[] = []
  for (const slot of log) got.push(...seen([slot], await outcomes.omitted([slot], 15, readingOn(asked))))
  expect(got).toEqual(expected)
  // Producer 2's end was as far as had to be read for the first slot; the last one holds its own.
  expect(asked).toEqual([3, 5, 7, 9])
})

test("the tail answers where what was looked through reaches it", async () => {
  for (let folded = 0; folded <= log.length; folded++) {
    const outcomes = new Outcomes()
    for (const slot of log.slice(folded)) outcomes.saw(slot)
    const asked: number[] = []
    const got: number[] = []
    for (const slot of log) got.push(...seen([slot], await outcomes.omitted([slot], 15, readingOn(asked))))
    expect(got, `${folded}`).toEqual(expected)
    expect(asked.every(from => from < (log[folded]?.base ?? 15))).toBe(true)
  }
})

test("readers at different places do not disturb each other", async () => {
  const outcomes = new Outcomes()
  const asked: number[] = []
  const order = [3, 0, 5, 1, 4, 2, 0, 3, 5, 1]
  for (const at of order) {
    const slot = log[at]
    const got = seen([slot], await outcomes.omitted([slot], 15, readingOn(asked)))
    expect(got).toEqual(expected.filter(offset => offset >= slot.base && offset < slot.next))
  }
})

test("what is dropped meanwhile is found out all the same", async () => {
  const outcomes = new Outcomes()
  const asked: number[] = []
  const readOn = async (from: number) => {
    outcomes.clear()
    return readingOn(asked)(from)
  }
  expect(seen(log.slice(0, 1), await outcomes.omitted(log.slice(0, 1), 15, readOn))).toEqual([2])
})

test("what is not decided yet is not asked for", async () => {
  const outcomes = new Outcomes()
  const open = slotsOf([plain(), of(1)])
  const asked: number[] = []
  const omits = await outcomes.omitted(open, 1, readingOn(asked))
  expect(seen(open, omits)).toEqual([0, 1])
  expect(asked).toEqual([])
})

test("a view that was formed from a snapshot tells readers from further back what was aborted", async () => {
  const { log: writer, topicId, another } = await memoryWorld(1, undefined, { snapshotSlots: 4 })
  const producers = await Promise.all(["p", "q"].map(id => new Producer(writer, id).init()))
  const wanted: string[] = []
  for (let round = 0; round < 10; round++) {
    for (const [index, producer] of producers.entries()) {
      await producer.append([`${index}.${round}`])
      await append(writer, [`x${index}.${round}`])
      if ((round + index) % 3 !== 0) wanted.push(`${index}.${round}`)
      wanted.push(`x${index}.${round}`)
      if ((round + index) % 3 === 0) await producer.abort()
      else await producer.commit()
    }
  }
  for (const maxBytes of [1, 150, 1_000_000]) {
    expect((await read(another(), topicId, 0, "read_committed", maxBytes)).values).toEqual(wanted)
  }
})
