import { expect, test } from "vitest"
import { tableDirectory } from "../../../shared/api/table-directory.ts"
import { openLog } from "../../../shared/log/open-log.ts"
import { LogKeeper } from "../../../shared/log/segments/log-keeper.ts"
import { append } from "../../log/support.ts"
import { memoryPorts } from "../../support/memory-ports.ts"
import { event, idsOf, openWithTable } from "../support.ts"

const DAY_AND_MORE_MS = 25 * 3_600_000

test("a table that was overtaken by the log's start goes on there, says so and counts what it missed", async () => {
  const ports = memoryPorts()
  const { log, builder, source, registry } = await openWithTable(ports)
  await append(log, [event(1), event(2)])
  await builder.step("events", 0, true)
  for (let id = 3; id <= 8; id++) await append(log, [event(id)])
  const { id: topicId } = await log.topic("events")
  // Rolled up, and cut within: what a table reads lies in a segment.
  ports.advance(DAY_AND_MORE_MS)
  await new LogKeeper(ports).round()
  await log.deleteRecords(topicId, 0, 5)
  expect(await builder.step("events", 0, true)).toMatchObject({ kind: "flushed", rows: 3, position: 8 })
  expect(await idsOf(await source.pin("events"))).toEqual([1, 2, 6, 7, 8])
  const directory = tableDirectory(ports, registry, openLog(ports))
  expect(await directory.status("events")).toMatchObject({
    missed: 3,
    partitions: [{ partition: 0, position: 8, gaps: [{ base: 2, next: 5 }] }],
  })
  await append(log, [event(9)])
  await builder.step("events", 0, true)
  expect(await directory.status("events")).toMatchObject({ missed: 3, totals: { records: 6 } })
})
