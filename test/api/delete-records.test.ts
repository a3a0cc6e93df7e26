import { expect, test } from "vitest"
import { apiWithTopic } from "./support.ts"

test("records below an offset are gone, be it within a batch; those above keep their offsets", async () => {
  const { call, produce, records } = await apiWithTopic()
  await produce("/topics/events", ["0", "1", "2", "3"])
  const at = "/topics/events/partitions/0"
  expect(await call(`POST ${at}/delete-records`, { body: { before: 2 } })).toMatchObject({
    status: 200,
    json: { startOffset: 2 },
  })
  expect((await call(`GET ${at}/offsets`)).json).toEqual({ beginning_offset: 2, end_offset: 4 })
  expect(await records(`${at}/records?offset=1`)).toMatchObject({
    status: 404,
    json: { error_code: 40406, reason: "offset_out_of_range", start: 2 },
  })
  const left = (await records(`${at}/records?offset=2`)).json
  expect(left.map(({ offset, value }: { offset: number; value: number }) => [offset, value])).toEqual([
    [2, 2],
    [3, 3],
  ])
  expect((await call(`POST ${at}/delete-records`, { body: { before: 1 } })).json).toEqual({ startOffset: 2 })
  expect((await call(`POST ${at}/delete-records`, { body: { before: -1 } })).json).toEqual({ startOffset: 4 })
  expect(await produce("/topics/events", ["4"])).toMatchObject({
    status: 200,
    json: { offsets: [{ offset: 4 }] },
  })
})

test.each<[string, object, number, number, string]>([
  ["/topics/events/partitions/0", {}, 422, 422, "body.before: is missing, expected"],
  ["/topics/events/partitions/0", { before: -2 }, 422, 422, "body.before: expected an integer, -1 to"],
  [
    "/topics/events/partitions/0",
    { before: 3 },
    404,
    40406,
    "records before 3: expected an offset up to 2, or -1 for all",
  ],
  ["/topics/events/partitions/7", { before: 0 }, 404, 40402, "partition 7 of events does not exist"],
  ["/topics/nothing/partitions/0", { before: 0 }, 404, 40401, "topic nothing does not exist"],
])(
  "a wrong request to %s, %j, is refused, and the next one works",
  async (path, body, status, code, message) => {
    const { call, produce } = await apiWithTopic()
    await produce("/topics/events", ["0", "1"])
    expect(await call(`POST ${path}/delete-records`, { body })).toMatchObject({
      status,
      json: { error_code: code, message: expect.stringContaining(message) },
    })
    expect(
      (await call("POST /topics/events/partitions/0/delete-records", { body: { before: 2 } })).json,
    ).toEqual({ startOffset: 2 })
  },
)
