import { expect, test } from "vitest"
import { appendToJournal } from "../../../shared/log/journal/door.ts"
import { openLog } from "../../../shared/log/open-log.ts"
import { kafkaRecords } from "../../../shared/log/records/index.ts"
import type { AppendPart } from "../../../shared/log/types.ts"
import { memoryJournal } from "../../../shared/storage/memory/journal.ts"
import { memoryPorts } from "../../support/memory-ports.ts"
import { batch, failure, records } from "../support.ts"
import { keyed } from "./support.ts"

/** Records as they come over HTTP. */
function json(...keys: (string | null)[]): AppendPart {
  const body = JSON.stringify({ records: keys.map(key => ({ key, value: 1 })) })
  const [group] = kafkaRecords(Buffer.from(body), { format: "json", partitions: 1, partition: 0 }).groups
  return { partition: 0, records: group!.records }
}

test("a compacted topic takes no record without a key, however it comes, and all others after it", async () => {
  const log = openLog(memoryPorts())
  const config = { "cleanup.policy": "compact,delete" }
  const topic = await log.createTopic({ name: "events", partitions: 1, owner: "http", config })
  const journal = memoryJournal()
  const refused: readonly [AppendPart, number][] = [
    [json("a", null, "b"), 1],
    [json(null), 0],
    [{ partition: 0, batch: batch(["x"]) }, 0],
    [{ partition: 0, records: records("x") }, 0],
  ]
  const send = async (part: AppendPart) => (await log.append({ topic: "events", parts: [part] }))[0]!
  for (const [part, record] of refused) {
    const expected = { code: "compaction_needs_key", detail: { record } }
    expect(await failure(send(part))).toMatchObject(expected)
    await expect(appendToJournal(log, journal, topic, [part])).rejects.toMatchObject(expected)
  }
  expect(await send(json("a", "b"))).toMatchObject({ baseOffset: 0, count: 2 })
  expect(await send({ partition: 0, records: keyed([["k", null]]) })).toMatchObject({ baseOffset: 2 })
  expect(await appendToJournal(log, journal, topic, [json("a")])).toMatchObject([{ count: 1 }])
})
