import { expect, test } from "vitest"
import { until } from "../support.ts"
import { answered, NDJSON, refused, type Tests } from "./replies.ts"

/** Records that go through the journal, where there is one. */
export function journal({ ask }: Tests): void {
  const to = "POST /topics/contract/partitions/1?ack=journal"
  const endOffset = async () => {
    const { body } = await ask("GET /topics/contract/partitions/1/offsets")
    return (body as { end_offset: number }).end_offset
  }

  test("take their place in it at once, and soon after in the log", async () => {
    const first = await endOffset()
    const taken = await ask(to, { headers: NDJSON, body: '{"n":1}\n{"n":2}' })
    const position = { shard: expect.any(String), sequence: expect.stringMatching(/^[1-9]\d*$/) }
    expect(taken).toEqual(answered(202, { entries: [{ partition: 1, ...position, count: 2 }] }))
    await until(async () => (await endOffset()) === first + 2, 50)
    const { body } = await ask(`GET /topics/contract/partitions/1/records?timeout=0&offset=${first}`)
    expect((body as { value: unknown }[]).map(({ value }) => value)).toEqual([{ n: 1 }, { n: 2 }])
  })

  test("are refused as at the other door", async () => {
    const before = await endOffset()
    expect(await ask(to, { headers: NDJSON, body: "1\n{" })).toMatchObject({
      status: 400,
      body: { reason: "malformed_json", line: 2 },
    })
    expect(await ask("POST /topics/nowhere?ack=journal", { headers: NDJSON, body: "1" })).toEqual(
      refused(404, "unknown_topic", "topic nowhere does not exist", { code: 40401 }),
    )
    expect(
      await ask("POST /topics/contract/partitions/7?ack=journal", { headers: NDJSON, body: "1" }),
    ).toMatchObject({
      status: 404,
      body: { reason: "unknown_partition" },
    })
    expect(await ask("POST /topics/contract?ack=all", { headers: NDJSON, body: "1" })).toEqual(
      refused(422, "invalid", 'query.ack: expected log or journal, got "all"'),
    )
    expect(await endOffset()).toBe(before)
  })

  test("have no producer", async () => {
    const headers = { ...NDJSON, "producer-id": "p", "producer-epoch": "0", "producer-seq": "0" }
    expect(await ask(to, { headers, body: "1" })).toEqual(
      refused(
        422,
        "invalid",
        expect.stringMatching(/^query\.ack: expected no producer headers beside journal/),
      ),
    )
  })
}
