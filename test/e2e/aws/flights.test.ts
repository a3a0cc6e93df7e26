import { execFileSync } from "node:child_process"
import { readlinkSync } from "node:fs"
import { join } from "node:path"
import { DescribeTableCommand, DynamoDBClient } from "@aws-sdk/client-dynamodb"
import { KinesisClient, PutRecordCommand } from "@aws-sdk/client-kinesis"
import { ListObjectsV2Command, S3Client } from "@aws-sdk/client-s3"
import { beforeAll, describe, expect, test } from "vitest"
import { apiContract } from "../api-contract.ts"
import { flightAnswers, flightLines } from "../flights-answers.ts"
import { apps, repository, startServer, until } from "../support.ts"
import { cutAnew, journalEvents, tableStreamEvent } from "./deliveries.ts"
import { Deployed, sdk, skipped } from "./deployed.ts"
import { invokeThroughKills, Killer } from "./killing.ts"
import { sendAsProducer, sendThroughJournal } from "./senders.ts"

const COUNT = 20_000
/** Through the usual door, by these producers; the rest goes through the journal. */
const PRODUCED = 12_000
const PRODUCERS = 3
const EXAMPLE = join(repository, "examples/flights/app.ts")

// One deployment's life, in order: each test goes on where the one before it ended.
describe.skipIf(skipped !== "")(`the flights, deployed by CDK to an emulator${skipped}:`, () => {
  let deployed: Deployed
  let lines: string[]
  let expected: Awaited<ReturnType<typeof flightAnswers>>

  const countFlights = () => deployed.number("SELECT count(*) FROM flights")
  const endOffset = async () =>
    (await deployed.call("GET /topics/flights/partitions/0/offsets")).json.end_offset as number

  /** What a server at home answers that was sent the same. */
  async function answersAtHome() {
    const server = await startServer({ args: ["--no-replay"] })
    await sendAsProducer(server, { topic: "flights", producer: "all", size: 1_000 }, lines)
    const answers = await flightAnswers(server)
    await server.stop()
    return answers
  }

  beforeAll(async () => {
    lines = await flightLines()
    expect(lines).toHaveLength(COUNT)
    deployed = await Deployed.open({ app: EXAMPLE, context: { journal: "true" } })
  })

  test("its functions run on Node 24", async () => {
    expect((await deployed.call("GET /topics")).json).toContain("flights")
    const [process] = deployed.processes("api")
    const version = execFileSync(readlinkSync(`/proc/${process}/exe`), ["--version"]).toString()
    expect(version).toMatch(/^v24\./)
  })

  test("takes flights once each, though its functions are killed meanwhile", async () => {
    const share = PRODUCED / PRODUCERS
    const killer = new Killer(deployed, ["api", "build", "api", "dispatch"], 6)
    const sendings = Array.from({ length: PRODUCERS }, (_, i) => {
      const part = lines.slice(i * share, (i + 1) * share)
      return sendAsProducer(deployed, { topic: "flights", producer: `p-${i}`, size: 200 }, part, killer.step)
    })
    const again = await Promise.all(sendings)
    expect(killer.kills).toBeGreaterThan(0)
    // Requests that a killed function had begun.
    expect(again.reduce((sum, count) => sum + count)).toBeGreaterThan(0)
    expect(await endOffset()).toBe(PRODUCED)
    // What is acknowledged is in the next query's answer.
    expect(await countFlights()).toBe(PRODUCED)
  })

  test("takes the rest through the journal, though its functions are killed meanwhile", async () => {
    const killer = new Killer(deployed, ["journal", "build"], 3)
    await sendThroughJournal(deployed, "flights", lines.slice(PRODUCED), 250, killer.step)
    await until(async () => (await endOffset()) >= COUNT, 100)
    expect(killer.kills).toBeGreaterThan(0)
    expect(await endOffset()).toBe(COUNT)
    expect(await countFlights()).toBe(COUNT)
  })

  test("answers SQL as a server at home does, to the row", async () => {
    expected = await answersAtHome()
    expect(expected[0]?.rows[0]?.[0]).toBe(COUNT)
    expect(await flightAnswers(deployed)).toEqual(expected)
  })

  test("answers the same after deliveries are repeated, cut anew, and cut short", async () => {
    const stream = await tableStreamEvent(deployed.outputs.LogTableName!)
    expect(stream.Records.length).toBeGreaterThan(0)
    const journal = await journalEvents(deployed.outputs.JournalStreamName!)
    expect(journal.length).toBeGreaterThan(0)
    // A wake may come at any time, in any order.
    for (const event of [stream, ...cutAnew(stream, 7).reverse(), stream]) {
      expect((await deployed.invoke("dispatch", event)).failed).toBe(false)
    }
    let cutShort = 0
    for (const size of [1_000_000, 9]) {
      const pieces = journal.map(event => cutAnew(event, size))
      // Each shard twice at once.
      await Promise.all(
        [...pieces, ...pieces].map(async (shard, copy) => {
          for (const piece of shard) {
            cutShort += await invokeThroughKills(deployed, "journal", piece, copy === 0 ? 2 : 0)
          }
        }),
      )
    }
    cutShort += await invokeThroughKills(deployed, "build", { all: true }, 3)
    expect(cutShort).toBeGreaterThan(0)
    expect(await endOffset()).toBe(COUNT)
    expect(await flightAnswers(deployed)).toEqual(expected)
    const { numSegmentsQueried, numConsumingSegmentsQueried } = (
      await deployed.query("SELECT count(*) FROM flights")
    ).whole
    expect(numSegmentsQueried).toBeGreaterThan(numConsumingSegmentsQueried)
  })

  test("sets aside what can never be appended, and tells of it", async () => {
    const deadLetters = async () => (await deployed.call("GET /dead-letters")).json.count
    await deployed.call("POST /dead-letters/redrive")
    const before = await deadLetters()
    await new KinesisClient(sdk).send(
      new PutRecordCommand({
        StreamName: deployed.outputs.JournalStreamName!,
        PartitionKey: "p",
        Data: Buffer.from("this is no entry"),
      }),
    )
    await until(async () => (await deadLetters()) === before + 1, 100)
    expect((await deployed.call("POST /dead-letters/redrive")).json).toMatchObject({
      failed: 1,
      remaining: 1,
    })
    // The shard has gone on.
    await sendThroughJournal(deployed, "flights", lines.slice(0, 1), 1)
    await until(async () => (await endOffset()) === COUNT + 1, 100)
  })

  apiContract("deployed with a journal", () => ({ url: deployed.url, key: deployed.key! }), ["journal"])

  test("takes a changed topic, and the data stays", async () => {
    await deployed.update({ app: join(apps, "flights-kept.ts") })
    const retention = { name: "retention.ms", value: String(30 * 24 * 3_600_000) }
    const { json: topic } = await deployed.call("GET /topics/flights")
    expect(JSON.stringify(topic)).toContain(retention.value)
    expect(topic.partitions).toHaveLength(2)
    expect(await countFlights()).toBe(COUNT + 1)
  })

  test("refuses what the plan refuses, says why, and is as it was", async () => {
    const before = (await deployed.call("GET /topics/flights")).json
    const update = deployed.update({ app: join(apps, "flights-keyed.ts") })
    await expect(update).rejects.toThrow(/key: unset → origin: the records that are there were keyed/)
    expect((await deployed.call("GET /topics/flights")).json).toEqual(before)
    expect(await countFlights()).toBe(COUNT + 1)
  })

  test("is removed but for the data", async () => {
    const { BucketName, LogTableName, MetaTableName } = deployed.outputs
    await deployed.destroy()
    expect((await deployed.call("GET /health")).status).toBe(404)
    const dynamo = new DynamoDBClient(sdk)
    for (const TableName of [LogTableName, MetaTableName]) {
      const { Table } = await dynamo.send(new DescribeTableCommand({ TableName }))
      expect(Table?.TableStatus).toBe("ACTIVE")
    }
    const s3 = new S3Client({ ...sdk, forcePathStyle: true })
    const { KeyCount } = await s3.send(new ListObjectsV2Command({ Bucket: BucketName! }))
    expect(KeyCount).toBeGreaterThan(0)
  })
})
