import { expect, test } from "vitest"
import { SegmentIndexes } from "../../../shared/log/segments/index-store.ts"
import { EMPTY_INDEX } from "../../../shared/log/segments/segment-index.ts"
import { memoryPorts } from "../../support/memory-ports.ts"

test("a read that was under way while the index changed does not bring back what was", async () => {
  const ports = memoryPorts()
  let answer = () => {}
  let isHeld = false
  const meta = Object.assign(Object.create(ports.meta), {
    get: async (...all: Parameters<typeof ports.meta.get>) => {
      const found = await ports.meta.get(...all)
      if (isHeld) {
        isHeld = false
        await new Promise<void>(resolve => (answer = resolve))
      }
      return found
    },
  })
  const indexes = new SegmentIndexes({ ...ports, meta })
  const at = { topicId: "t", partition: 0 }
  const before = await indexes.read(at)
  isHeld = true
  const reading = indexes.read(at)
  await new Promise(resolve => setImmediate(resolve))
  ports.advance(1)
  expect(await indexes.replace(at, before, { ...EMPTY_INDEX, start: 5 })).toBe("committed")
  answer()
  expect((await reading).index.start).toBe(0)
  expect((await indexes.get(at)).index.start).toBe(5)
})
