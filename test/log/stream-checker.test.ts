import { describe, expect, test } from "vitest"
import { checkStream } from "../support/stream-checker/checker.ts"
import {
  HistoryBook,
  type Operation,
  type Outcome,
  type PartitionFacts,
  type PollEvent,
} from "../support/stream-checker/history.ts"

const SOUND: PartitionFacts = { logStart: 0, compacted: false, deleted: false }

/** A history told in short: `a5` is value a5 sent to, or read from, partition `p` unless said otherwise. */
class Story {
  readonly book = new HistoryBook()
  facts: Partial<PartitionFacts> = {}
  complete = false
  tombstones = new Set<string>()

  send(client: string, value: string, offset: number | undefined, more: Partial<Told> = {}): Operation {
    const operation = this.book.begin(client, { transaction: more.transaction ?? false })
    operation.events.push(sent(value, offset, more))
    this.book.end(operation, more.outcome ?? "ok")
    return operation
  }

  poll(client: string, records: readonly (readonly [number, string])[], more: Partial<Told> = {}): Operation {
    const { mode = "assign", isolation = "read_committed" } = more
    const operation = this.book.begin(client, { mode, isolation })
    operation.events.push(polled(records, more))
    this.book.end(operation, "ok")
    return operation
  }

  kinds(): string[] {
    const history = {
      operations: this.book.operations,
      facts: () => ({ ...SOUND, ...this.facts }),
      complete: this.complete,
      tombstones: this.tombstones,
    }
    return [...new Set(checkStream(history).map(({ kind }) => kind))].sort()
  }
}

interface Told {
  readonly partition: string
  readonly key: string
  readonly outcome: Outcome
  readonly transaction: boolean
  readonly mode: "assign" | "subscribe"
  readonly isolation: "read_committed" | "read_uncommitted"
  readonly repositioned: boolean
}

function sent(value: string, offset: number | undefined, { partition = "p", key }: Partial<Told>) {
  return {
    kind: "send" as const,
    partition,
    value,
    ...(key !== undefined && { key }),
    ...(offset !== undefined && { offset }),
  }
}

function polled(
  records: readonly (readonly [number, string])[],
  { partition = "p", repositioned = false }: Partial<Told> = {},
): PollEvent {
  return {
    kind: "poll",
    records: records.map(([offset, value]) => ({ partition, offset, value })),
    ...(repositioned && { repositioned: new Set([partition]) }),
  }
}

function story(tell: (story: Story) => void): string[] {
  const told = new Story()
  tell(told)
  return told.kinds()
}

test("a sound history has nothing wrong", () => {
  const kinds = story(it => {
    it.complete = true
    it.send("w", "a", 0)
    it.send("w", "b", 1)
    it.send("w", "never", undefined, { outcome: "fail" })
    it.poll("r", [[0, "a"]])
    it.poll("r", [[1, "b"]])
  })
  expect(kinds).toEqual([])
})

describe("what a sound log never shows", () => {
  const cases: Record<string, (it: Story) => void> = {
    "inconsistent-offsets": it => {
      it.send("w", "a", 0)
      it.send("v", "b", 0)
      it.poll("r", [[0, "a"]])
      it.poll("q", [[0, "b"]])
    },
    duplicate: it => {
      it.send("w", "a", 0)
      it.poll("r", [
        [0, "a"],
        [1, "a"],
      ])
    },
    "lost-write": it => {
      it.send("w", "a", 0)
      it.send("w", "b", 1)
      it.poll("r", [[1, "b"]])
    },
    unseen: it => {
      it.complete = true
      it.send("w", "a", 0)
    },
    phantom: it => it.poll("r", [[0, "a"]]),
    misplaced: it => {
      it.send("w", "a", undefined, { partition: "q" })
      it.poll("r", [[0, "a"]])
    },
    G1a: it => {
      it.send("w", "a", undefined, { outcome: "fail" })
      it.poll("r", [[0, "a"]])
    },
    "nonmonotonic-send": it => {
      it.send("w", "a", 5)
      it.send("w", "b", 3)
    },
    "int-nonmonotonic-send": it => {
      const operation = it.book.begin("w", { transaction: true })
      operation.events.push(sent("a", 5, {}), sent("b", 3, {}))
      it.book.end(operation, "ok")
    },
    "nonmonotonic-poll": it => {
      it.send("w", "a", 0)
      it.send("w", "b", 1)
      it.poll("r", [
        [0, "a"],
        [1, "b"],
      ])
      it.poll("r", [[1, "b"]])
    },
    "poll-skip": it => {
      for (const [offset, value] of ["a", "b", "c"].entries()) it.send("w", value, offset)
      it.poll("q", [[1, "b"]])
      it.poll("r", [[0, "a"]])
      it.poll("r", [[2, "c"]])
    },
    "int-poll-skip": it => {
      for (const [offset, value] of ["a", "b", "c"].entries()) it.send("w", value, offset)
      it.poll("q", [[1, "b"]])
      it.poll("r", [
        [0, "a"],
        [2, "c"],
      ])
    },
    "int-nonmonotonic-poll": it => {
      it.send("w", "a", 0)
      it.send("w", "b", 1)
      it.poll("r", [
        [1, "b"],
        [0, "a"],
      ])
    },
    "precommitted-read": it => {
      const operation = it.book.begin("w", { transaction: true })
      operation.events.push(sent("a", 0, {}), polled([[0, "a"]]))
      it.book.end(operation, "ok")
    },
    "torn-transaction": it => {
      it.complete = true
      const operation = it.book.begin("w", { transaction: true })
      operation.events.push(sent("a", 0, {}), sent("b", undefined, { partition: "q" }))
      it.book.end(operation, "unknown")
      it.poll("r", [[0, "a"]])
    },
    G1c: it => {
      const [one, two] = ["one", "two"].map(client => it.book.begin(client, { transaction: true }))
      one!.events.push(sent("a", 0, {}), polled([[0, "b"]], { partition: "q" }))
      two!.events.push(sent("b", 0, { partition: "q" }), polled([[0, "a"]]))
      it.book.end(one!, "ok")
      it.book.end(two!, "ok")
    },
  }
  test.each(Object.entries(cases))("%s", (kind, tell) => {
    expect(story(tell)).toEqual([kind])
  })

  test("a read before the commit was asked for", () => {
    const kinds = story(it => {
      const operation = it.book.begin("w", { transaction: true })
      operation.events.push(sent("a", 0, {}))
      it.poll("r", [[0, "a"]])
      operation.committing = it.book.moment()
      it.book.end(operation, "ok")
    })
    expect(kinds).toEqual(["precommitted-read"])
  })
})

describe("what is allowed", () => {
  const cases: Record<string, (it: Story) => void> = {
    "others' records between one's own": it => {
      it.send("w", "a", 0)
      it.send("v", "x", 1)
      it.send("w", "b", 2)
      it.poll("r", [
        [0, "a"],
        [1, "x"],
        [2, "b"],
      ])
    },
    "going on elsewhere after a seek": it => {
      for (const [offset, value] of ["a", "b", "c"].entries()) it.send("w", value, offset)
      it.poll("q", [[1, "b"]])
      it.poll("r", [[2, "c"]])
      it.poll("r", [[0, "a"]], { repositioned: true })
    },
    "going back and ahead from poll to poll by subscription": it => {
      for (const [offset, value] of ["a", "b", "c"].entries()) it.send("w", value, offset)
      it.poll("q", [[1, "b"]])
      it.poll("r", [[2, "c"]], { mode: "subscribe" })
      it.poll("r", [[0, "a"]], { mode: "subscribe" })
      it.poll("r", [[2, "c"]], { mode: "subscribe" })
    },
    "reading an aborted transaction uncommitted": it => {
      it.send("w", "a", 0, { transaction: true, outcome: "fail" })
      it.poll("r", [[0, "a"]], { isolation: "read_uncommitted" })
    },
    "an older record of a compacted key": it => {
      it.facts = { compacted: true }
      it.complete = true
      it.send("w", "a", 0, { key: "k" })
      it.send("w", "b", 1, { key: "k" })
      it.poll("r", [[1, "b"]])
    },
    "what is below the log's start": it => {
      it.facts = { logStart: 1 }
      it.complete = true
      it.send("w", "a", 0)
      it.send("w", "b", 1)
      it.poll("r", [[1, "b"]])
    },
    "a tombstone that was compacted away": it => {
      it.facts = { compacted: true }
      it.complete = true
      it.tombstones.add("b")
      it.send("w", "b", 0, { key: "k" })
    },
    "an unknown outcome, seen or not": it => {
      it.complete = true
      it.send("w", "a", undefined, { outcome: "unknown" })
      it.send("w", "b", undefined, { outcome: "unknown" })
      it.poll("r", [[0, "b"]])
    },
    "a ring with the order of writes in it": it => {
      const [one, two] = ["one", "two"].map(client => it.book.begin(client, { transaction: true }))
      one!.events.push(sent("a", 0, {}), sent("c", 1, { partition: "q" }))
      two!.events.push(sent("b", 0, { partition: "q" }), polled([[0, "a"]]))
      it.book.end(one!, "ok")
      it.book.end(two!, "ok")
    },
  }
  test.each(Object.entries(cases))("%s", (_, tell) => {
    expect(story(tell)).toEqual([])
  })
})

test("of a compacted key the newest record stays", () => {
  const kinds = story(it => {
    it.facts = { compacted: true }
    it.complete = true
    it.send("w", "a", 0, { key: "k" })
    it.send("w", "b", 1, { key: "k" })
    it.send("w", "c", 2, { key: "other" })
    it.poll("r", [
      [0, "a"],
      [2, "c"],
    ])
  })
  expect(kinds).toEqual(["int-poll-skip", "lost-write"])
})
