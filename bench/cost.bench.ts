import { join } from "node:path"
import { type Ledger, ledgerToJson } from "../shared/storage/aws/ledger.ts"
import { type LifeShare, measureLife, measureRound } from "./cost-life.ts"
import {
  ASSUMED_MS,
  type Bill,
  type BuildShare,
  billOf,
  deliveryCost,
  type Idle,
  idleMonth,
  MEMORY_MB,
  totalOf,
} from "./cost-model.ts"
import { Deployed } from "./deployed.ts"
import { openEmulator } from "./emulated.ts"
import { GIB, HOURS_PER_MONTH, lambdaCost, ledgerCost, PRICES, PRICES_DATE, PRICES_REGION } from "./prices.ts"

// What a deployment costs: an app is deployed to an emulator, requests are sent to its API, and its functions tell what
// they asked of AWS. Counts and units are the ledger's; what is estimated is marked with ~.

const TOPICS = { one: 1, four: 4, sixteen: 16 } as const
type TopicName = keyof typeof TOPICS
const RECORDS = [1, 100, 1_000]
const RECORD_BYTES = [200, 1_000]
const WARM_REQUESTS = 3
/** Enough for two segments. */
const PIPELINE_REQUESTS = 84
const STILL_MS = 3_000

const AIM = { onePartition: 0.12, furtherPartition: 0.025, idle: 1 }

function bodyOf(records: number, recordBytes: number, partitions: number): string {
  const value = (id: number) => {
    const bare = JSON.stringify({ id, text: "" }).length
    return { id, text: text(recordBytes - bare) }
  }
  const list = Array.from({ length: records }, (_, id) => ({ partition: id % partitions, value: value(id) }))
  return JSON.stringify({ records: list })
}

/** Does not compress to nothing; the same in each run. */
let state = 1
function text(length: number): string {
  let made = ""
  while (made.length < length) {
    state = (state * 48_271) % 2_147_483_647
    made += state.toString(36)
  }
  return made.slice(0, length)
}

const told = (ledger: Ledger) =>
  Object.entries(ledgerToJson(ledger))
    .map(
      ([service, counts]) =>
        `${service} ${Object.entries(counts)
          .map(([name, count]) => `${name} ${count}`)
          .join(", ")}`,
    )
    .join("; ")
const dollars = (amount: number) => amount.toFixed(amount < 0.01 ? 5 : 4)

async function pipeline(app: Deployed): Promise<BuildShare> {
  await app.askedUntilStill("build", STILL_MS)
  for (let sent = 0; sent < PIPELINE_REQUESTS; sent++)
    await app.send("POST", "/topics/one", bodyOf(100, 1_000, 1))
  await app.askedBy("api", PIPELINE_REQUESTS)
  const { ledger, each, invocations, logBytes } = await app.askedUntilStill("build", STILL_MS)
  const segments = Math.max(1, ledger.dynamodb.puts)
  const reads = ledger.dynamodb.readUnits * PRICES.dynamoReadUnit
  const puts = ledger.s3.puts * PRICES.s3Put + ledger.dynamodb.writeUnits * PRICES.dynamoWriteUnit
  console.log(
    `\nBuilder, ${PIPELINE_REQUESTS} requests of 100 records of 1 KB: ${invocations} invocations, ${segments} segments`,
  )
  for (const one of each) console.log(`  ${told(one)}`)
  const stored = ledger.s3.bytesPut / (PIPELINE_REQUESTS * 100 * 1_000)
  console.log(`  a segment has ${(stored * 100).toFixed(0)} % of its records' bytes (random text)`)
  return { perStep: reads / invocations, perSegment: puts / segments, logBytes: logBytes / invocations }
}

interface Measured {
  readonly topic: TopicName
  readonly records: number
  readonly recordBytes: number
  readonly bill: Bill
  readonly request: Ledger
}

async function logDoor(app: Deployed, build: BuildShare, lives: Lives): Promise<readonly Measured[]> {
  const measured: Measured[] = []
  for (const topic of Object.keys(TOPICS) as TopicName[]) {
    const partitions = TOPICS[topic]
    for (const records of RECORDS.filter(count => count >= partitions)) {
      for (const recordBytes of RECORD_BYTES) {
        const body = bodyOf(records, recordBytes, partitions)
        for (let sent = 0; sent <= WARM_REQUESTS; sent++) await app.send("POST", `/topics/${topic}`, body)
        const { each, logBytes, invocations } = await app.askedBy("api", WARM_REQUESTS + 1)
        const request = each.at(-1)!
        const cell = {
          records,
          recordBytes,
          partitions,
          bodyBytes: body.length,
          request,
          requestLogBytes: logBytes / invocations,
          slots: request.dynamodb.puts,
          slotUnits: request.dynamodb.writeUnits,
          objects: request.s3.puts,
        }
        measured.push({
          topic,
          records,
          recordBytes,
          request,
          bill: billOf(cell, build, lives[cell.objects > 0 ? "objects" : "inline"]),
        })
      }
    }
  }
  return measured
}

function printMatrix(measured: readonly Measured[]): void {
  console.log("\nThe log's own door, warm, dollars per million records (~ estimated)")
  console.log(
    "records  bytes  parts   S3 put  slots  units    total      s3   slots    http ~lambda   ~logs ~dispatch  ~build  delete  roll-up",
  )
  for (const { topic, records, recordBytes, request, bill } of measured) {
    const parts = [bill.s3, bill.dynamodb, bill.http, bill.lambda, bill.logs]
    const rest = [bill.dispatch, bill.build, bill.slotDeletion, bill.rollUp]
    console.log(
      [
        String(records).padStart(7),
        String(recordBytes).padStart(6),
        String(TOPICS[topic]).padStart(6),
        String(request.s3.puts).padStart(8),
        String(request.dynamodb.puts).padStart(6),
        String(request.dynamodb.writeUnits).padStart(6),
        dollars(totalOf(bill)).padStart(8),
        ...parts.map(part => dollars(part).padStart(7)),
        ...rest.map(part => dollars(part).padStart(8)),
      ].join(" "),
    )
  }
}

async function journalDoor(app: Deployed, lives: Lives): Promise<void> {
  console.log("\nThe journalled door, warm, dollars per million records; deliveries as the emulator cut them")
  console.log(
    "records  bytes  parts  payload units  deliveries    door  ~delivery   total without the builder",
  )
  for (const topic of Object.keys(TOPICS) as TopicName[]) {
    const partitions = TOPICS[topic]
    for (const records of RECORDS.filter(count => count >= partitions)) {
      for (const recordBytes of RECORD_BYTES) {
        const body = bodyOf(records, recordBytes, partitions)
        await app.askedUntilStill("journal", STILL_MS / 3)
        for (let sent = 0; sent < WARM_REQUESTS; sent++) {
          await app.send("POST", `/topics/${topic}?ack=journal`, body)
        }
        const door = await app.askedBy("api", WARM_REQUESTS)
        const { ledger, invocations, logBytes } = await app.askedUntilStill("journal", STILL_MS / 3)
        const request = door.each.at(-1)!
        const { records: entries, payloadUnits } = request.kinesis
        const none = { perStep: 0, perSegment: 0, logBytes: 0 }
        const bill = billOf(
          {
            records,
            recordBytes,
            partitions,
            bodyBytes: body.length,
            request,
            requestLogBytes: door.logBytes / door.invocations,
            slots: entries,
            slotUnits: ledger.dynamodb.writeUnits / WARM_REQUESTS,
            objects: 0,
          },
          none,
          lives.inline,
        )
        const at = totalOf({ ...bill, build: 0, dispatch: 0 })
        const delivery = deliveryCost(ledger, Math.max(1, invocations), logBytes, WARM_REQUESTS * records)
        console.log(
          [
            String(records).padStart(7),
            String(recordBytes).padStart(6),
            String(partitions).padStart(6),
            String(payloadUnits).padStart(14),
            String(invocations).padStart(11),
            dollars(at).padStart(9),
            dollars(delivery).padStart(9),
            dollars(at + delivery).padStart(9),
          ].join(" "),
        )
      }
    }
  }
}

async function queries(app: Deployed): Promise<void> {
  const body = JSON.stringify({ sql: "SELECT count(*), sum(length(text)) FROM one" })
  for (let sent = 0; sent < 2; sent++) await app.send("POST", "/query/sql", body)
  const { each } = await app.askedBy("query", 2)
  const [cold, warm] = [each[0]!, each.at(-1)!]
  const cost = (ledger: Ledger) => {
    const { s3, dynamodb } = ledgerCost(ledger)
    return s3 + dynamodb
  }
  const base = PRICES.httpApiRequest + lambdaCost(MEMORY_MB.query, ASSUMED_MS.query)
  console.log("\nA query")
  console.log(`  cold: ${told(cold)}`)
  console.log(`  warm: ${told(warm)}`)
  console.log(
    `  dollars per thousand, warm: requests ${dollars(1_000 * cost(warm))}, ~in all ${dollars(1_000 * (base + cost(warm)))}`,
  )
  const gets = (cold.s3.gets / Math.max(1, cold.s3.bytesGot)) * GIB
  const readMs = (GIB / QUERY_BYTES_PER_SECOND) * 1_000
  const perGb = gets * PRICES.s3Get + lambdaCost(MEMORY_MB.query, readMs)
  console.log(
    `  dollars per GB read from S3: ~${dollars(perGb)} (${gets.toFixed(0)} gets, ~${(readMs / 1_000).toFixed(0)} s); what an environment has read it keeps`,
  )
}

/** Of segments, from S3 to a function of 2 GB. */
const QUERY_BYTES_PER_SECOND = 80e6

function stored(): void {
  console.log("\nA GB stored, dollars a month")
  console.log(`  in S3 (flush objects, segments)          ${dollars(PRICES.s3GbMonth)}`)
  const slots = PRICES.dynamoGbMonth + PRICES.dynamoRecoveryGbMonth
  console.log(
    `  in slots (inline), point-in-time recovery ${dollars(slots)}, for the ~48 h until they are rolled up`,
  )
}

/** Of the app's topics. */
const IDLE_PARTITIONS = Object.values(TOPICS).reduce((sum, partitions) => sum + partitions, 0)

/** Alarms of the stack, without and with a journal (`infra/constructs/alarms.ts`). */
const ALARMS = { plain: 5, journal: 8 }

async function idle(app: Deployed, url: string): Promise<Idle> {
  await app.asked("maintain")
  for (let tick = 0; tick < 2; tick++) await app.invoke("maintain", {})
  const { each, logBytes, invocations } = await app.askedBy("maintain", 2)
  const tick = each.at(-1)!
  const round = await measureRound(url, IDLE_PARTITIONS)
  const logs = logBytes / invocations
  const plain = idleMonth(tick, round, logs, ALARMS.plain, 0)
  const journal = idleMonth(tick, round, logs, ALARMS.journal, 1)
  console.log(
    `\nAn idle month (${HOURS_PER_MONTH} h), dollars; a tick with 3 tables, ${IDLE_PARTITIONS} partitions: ${told(tick)}`,
  )
  console.log(`  … one an hour looks through the log beside: ${told(round.look)}`)
  console.log(`  … and twice a day for what may go: ${told(round.chores)}`)
  const line = (name: string, { secret, alarms, ticks, shards }: Idle) =>
    `  ${name.padEnd(18)} ${(secret + alarms + ticks + shards).toFixed(2)}   secret ${secret.toFixed(2)}, alarms ${alarms.toFixed(2)}, ~ticks ${ticks.toFixed(2)}, shards ${shards.toFixed(2)}`
  console.log(line("default", plain))
  console.log(line("with the journal", journal))
  return plain
}

function judge(measured: readonly Measured[], month: Idle): void {
  const total = (topic: TopicName) =>
    totalOf(
      measured.find(one => one.topic === topic && one.records === 100 && one.recordBytes === 1_000)!.bill,
    )
  const one = total("one")
  const further = (topic: TopicName) => (total(topic) - one) / (TOPICS[topic] - 1)
  const idleTotal = Object.values(month).reduce((sum, part) => sum + part, 0)
  const rows: [string, number, number][] = [
    ["per million records of 1 KB, 100 a request, one partition", one, AIM.onePartition],
    ["  each further partition, of 4", further("four"), AIM.furtherPartition],
    ["  each further partition, of 16", further("sixteen"), AIM.furtherPartition],
    ["an idle month", idleTotal, AIM.idle],
  ]
  console.log("\nAims, dollars")
  for (const [name, found, aim] of rows) {
    console.log(`  ${name.padEnd(60)} ${found.toFixed(4)}   aim ${aim}   ${found <= aim ? "met" : "MISSED"}`)
    if (found > aim) process.exitCode = 1
  }
}

/** What becomes of slots that name an object, and of those that hold their records. */
type Lives = Readonly<Record<"objects" | "inline", LifeShare>>

async function life(url: string): Promise<Lives> {
  console.log("\nThe life of 60 appends: rolled up after a day, deleted after another")
  const shares = []
  for (const records of [100, 1]) {
    const { share, rolled, deleted } = await measureLife(url, records)
    console.log(`  ${records} of 1 KB each, rolled up: ${told(rolled)}`)
    console.log(`  … deleted: ${told(deleted)}`)
    shares.push(share)
  }
  return { objects: shares[0]!, inline: shares[1]! }
}

const endpoint = await openEmulator()
try {
  console.log(
    `Prices of ${PRICES_DATE}, ${PRICES_REGION}, no free allowances. Emulator: ${endpoint.product}.`,
  )
  console.log(`Assumed billed ms: ${JSON.stringify(ASSUMED_MS)}; memory MB: ${JSON.stringify(MEMORY_MB)}`)
  const app = await Deployed.open(endpoint.url, join(import.meta.dirname, "cost.app.ts"), { journal: "true" })
  await app.send("POST", "/topics/one", bodyOf(100, 1_000, 1))
  console.log(`\nA cold request of 100 records: ${told((await app.askedBy("api", 1)).ledger)}`)
  const build = await pipeline(app)
  const lives = await life(endpoint.url)
  const measured = await logDoor(app, build, lives)
  printMatrix(measured)
  await journalDoor(app, lives)
  await queries(app)
  stored()
  judge(measured, await idle(app, endpoint.url))
  app.close()
} finally {
  await endpoint.stop()
}
