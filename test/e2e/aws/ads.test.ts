import { join } from "node:path"
import { DynamoDBClient, GetItemCommand } from "@aws-sdk/client-dynamodb"
import { ListQueuesCommand, SendMessageCommand, SQSClient } from "@aws-sdk/client-sqs"
import { beforeAll, describe, expect, test } from "vitest"
import { type AdEvent, adEvents } from "../../../examples/ads/events.ts"
import { ledgerOf } from "../../../examples/ads/ledger.ts"
import { givenResults, lastEvents, lateEvents, statsOf } from "../ads-answers.ts"
import { pause, repository, until } from "../support.ts"
import { cutAnew, tableStreamEvent } from "./deliveries.ts"
import { Deployed, sdk, skipped } from "./deployed.ts"
import { Killer } from "./killing.ts"
import { chunks } from "./senders.ts"

const EVENTS = 3_000
const TASKS = [0, 1, 2, 3]
const MINUTE_MS = 60_000

interface Task {
  readonly lag: number
  readonly records_in: number
}

// One deployment's life, in order.
describe.skipIf(skipped !== "")(`the ads and their job, deployed by CDK to an emulator${skipped}:`, () => {
  let deployed: Deployed
  const events = adEvents({ count: EVENTS, seed: 11 })
  const half = Math.floor(events.length / 2)

  beforeAll(async () => {
    const context = { removal: "destroy" }
    deployed = await Deployed.open({ app: join(repository, "examples/ads/app.ts"), context })
  })

  async function send(part: readonly AdEvent[], onStored = () => {}): Promise<void> {
    for (const chunk of chunks(part, 150)) {
      const { status, text } = await deployed.produce("/topics/ad-events?key=adId", chunk)
      expect({ status, text }).toMatchObject({ status: 200 })
      onStored()
    }
  }
  const job = async () => (await deployed.call("GET /jobs/ad-stats")).json
  const tasksOf = async () => (await job()).tasks as readonly Task[]

  /** Until everything is read. What a lost wake left undone the tick finds. */
  async function settled(): Promise<void> {
    for (let looks = 0; ; looks++) {
      const tasks = await tasksOf()
      if (tasks.every(({ lag }) => lag === 0)) return
      if (looks % 10 === 9) await deployed.invoke("maintain", {})
      await pause(300)
    }
  }

  test("counts what is sent, though its function is killed meanwhile", async () => {
    const killer = new Killer(deployed, ["process"], 4)
    await send(events.slice(0, half), killer.step)
    expect(killer.kills).toBeGreaterThan(0)
    await settled()
    const tasks = await tasksOf()
    expect(tasks.reduce((sum, task) => sum + task.records_in, 0)).toBe(half)
  })

  test("counts the rest once, though wakes are repeated, cut anew, and two at once", async () => {
    const wakes: Promise<unknown>[] = []
    const wake = () => {
      for (const tasks of [TASKS, [2, 1]]) wakes.push(deployed.invoke("process", { job: "ad-stats", tasks }))
    }
    await send(events.slice(half), wake)
    const stream = await tableStreamEvent(deployed.outputs.LogTableName!)
    for (const event of [stream, ...cutAnew(stream, 25).reverse()]) {
      expect((await deployed.invoke("dispatch", event)).failed).toBe(false)
    }
    await send(lastEvents(events))
    await Promise.all(wakes)
    await settled()
    const tasks = await tasksOf()
    expect(tasks.reduce((sum, task) => sum + task.records_in, 0)).toBeGreaterThan(events.length)
  })

  test("its table is the ledger, to the cent", async () => {
    const late = await lateEvents(deployed)
    expect(late.size).toBeGreaterThan(0)
    const over = Math.max(...events.map(({ occurredAt }) => occurredAt)) + MINUTE_MS
    const ledger = ledgerOf(events, late)
    expect(ledger.length).toBeGreaterThan(50)
    expect(await statsOf(deployed, over)).toEqual(ledger)
    // A minute that is given again has more events in it than before: no row came twice.
    const given = await givenResults(deployed)
    expect(new Set(given).size).toBe(given.length)
  })

  test("is paused and goes on, by the API", async () => {
    expect((await deployed.call("POST /jobs/ad-stats/pause")).json).toMatchObject({ state: "paused" })
    await deployed.call("POST /jobs/ad-stats/resume")
    expect(await job()).toMatchObject({ state: "running", generation: 2 })
    await settled()
  })

  test("is woken by a timer's message", async () => {
    const sqs = new SQSClient(sdk)
    const { QueueUrls = [] } = await sqs.send(new ListQueuesCommand({}))
    const QueueUrl = QueueUrls.find(url => url.includes("Timers"))!
    // Whoever works a task takes its lease.
    const key = { pk: { S: "leases#ad-stats" }, sk: { S: "00003" } }
    const dynamo = new DynamoDBClient(sdk)
    const lease = async () => {
      const TableName = deployed.outputs.MetaTableName!
      return JSON.stringify((await dynamo.send(new GetItemCommand({ TableName, Key: key }))).Item)
    }
    const before = await lease()
    expect(before).toContain("until")
    const MessageBody = JSON.stringify({ job: "ad-stats", tasks: [3] })
    await sqs.send(new SendMessageCommand({ QueueUrl, MessageBody, DelaySeconds: 1 }))
    await until(async () => (await lease()) !== before, 100)
  })

  test("is removed", async () => {
    await deployed.destroy()
    expect((await deployed.call("GET /health")).status).toBe(404)
  })
})
