import { randomUUID } from "node:crypto"
import {
  CreateStreamCommand,
  DeleteStreamCommand,
  GetRecordsCommand,
  GetShardIteratorCommand,
  KinesisClient,
  ListShardsCommand,
  waitUntilStreamExists,
} from "@aws-sdk/client-kinesis"
import { NodeHttpHandler } from "@smithy/node-http-handler"
import { afterAll, describe, expect, test } from "vitest"
import { EMULATOR_CREDENTIALS, EMULATOR_REGION, openEndpoint } from "../../localstack/endpoint.ts"
import { kinesisJournal } from "../../shared/storage/aws/journal.ts"
import { sequenceOf } from "../../shared/storage/aws/sequence.ts"
import type { JournalDelivery } from "../../shared/storage/journal.ts"
import { journalContract } from "./contract-journal.ts"

const SHARDS = 2
const WAIT_SECONDS = 60
const endpoint = await openEndpoint()

if ("skipped" in endpoint) {
  // The run's last lines take the reason from between the brackets.
  const reason = endpoint.skipped.replace(/[[\]]/g, "'")
  describe(`aws journal [skipped: ${reason}]`, () => {
    test.skip("journal", () => {})
  })
} else {
  afterAll(() => endpoint.stop())
  const client = { endpoint: endpoint.url, region: EMULATOR_REGION, credentials: EMULATOR_CREDENTIALS }
  // The emulator speaks no HTTP/2, which this client takes for granted.
  const kinesis = new KinesisClient({ ...client, requestHandler: new NodeHttpHandler() })
  const open = async () => {
    const StreamName = `journal-${randomUUID()}`
    await kinesis.send(new CreateStreamCommand({ StreamName, ShardCount: SHARDS }))
    await waitUntilStreamExists({ client: kinesis, maxWaitTime: WAIT_SECONDS, minDelay: 1 }, { StreamName })
    const timeouts = { connectMs: 20_000, requestMs: 30_000 }
    const journal = kinesisJournal({ stream: StreamName, client, timeouts })
    return {
      journal,
      taken: () => everything(StreamName),
      async close() {
        await journal.close()
        await kinesis.send(new DeleteStreamCommand({ StreamName }))
      },
    }
  }
  const everything = async (StreamName: string): Promise<JournalDelivery[]> => {
    const found: JournalDelivery[] = []
    const { Shards = [] } = await kinesis.send(new ListShardsCommand({ StreamName }))
    for (const { ShardId } of Shards) {
      const from = { StreamName, ShardId, ShardIteratorType: "TRIM_HORIZON" } as const
      let { ShardIterator } = await kinesis.send(new GetShardIteratorCommand(from))
      for (;;) {
        const read = await kinesis.send(new GetRecordsCommand({ ShardIterator }))
        for (const { SequenceNumber, Data } of read.Records ?? []) {
          const position = { shard: `${StreamName}/${ShardId}`, sequence: sequenceOf(SequenceNumber!) }
          found.push({ position, data: Data! })
        }
        if ((read.Records ?? []).length === 0) break
        ShardIterator = read.NextShardIterator
      }
    }
    return found
  }
  journalContract("aws", open)

  test("a stream that is not there refuses for good, with the service's word", async () => {
    const journal = kinesisJournal({ stream: "not-there", client })
    const put = await journal.put([{ key: "k", data: new Uint8Array([1]) }])
    expect(put).toMatchObject([{ outcome: "refused", cause: { name: "ResourceNotFoundException" } }])
    await journal.close()
  })
}
