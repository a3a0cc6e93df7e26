import { expect, test } from "vitest"
import { openLog } from "../../shared/log/open-log.ts"
import { append, openWithTopic, readAll } from "../log/support.ts"
import { memoryPorts } from "../support/memory-ports.ts"

// Two appends of a producer waited together in a process whose view lagged. The first, which overlapped what another
// process had stored meanwhile, fitted the old view and was planned; the second was refused at once for overlapping the
// first. Then the first was refused too: the second had been told, for good, that it conflicts with records that
// never stood.
test("an append is refused only for what is committed", async () => {
  const ports = memoryPorts()
  const { log, id } = await openWithTopic(ports)
  const other = openLog(memoryPorts({ stores: ports.stores, seed: 1 }))
  const stamp = (sequence: number) => ({ producer: { id: "p", epoch: 0, sequence } })
  await append(log, ["0"], stamp(0))
  await append(other, ["plain"])
  await append(log, ["1"], stamp(1))

  const [overlapping, honest] = await Promise.all([
    append(other, ["1?", "2?"], stamp(1)),
    append(other, ["2"], stamp(2)),
  ])
  expect(overlapping).toMatchObject({ error: { code: "sequence_conflict" } })
  expect(honest).toMatchObject({ baseOffset: 3, count: 1 })
  expect((await readAll(log, id)).map(([, value]) => value)).toEqual(["0", "plain", "1", "2"])
})
