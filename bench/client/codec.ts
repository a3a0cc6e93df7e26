import { createRequire } from "node:module"
import "../../client/index.ts"
import { BatchEncoder } from "../../client/records/batch-encoder.ts"
import { NO_STAMP, writeHeader } from "../../client/records/batch-format.ts"
import { fetchedBatch } from "../../client/records/fetched-batch.ts"

// The client's codec beside kafkajs': the same records into the same batches, and out of them.

const require = createRequire(import.meta.url)
const kafkajs = (path: string) => require(`kafkajs/src/protocol/${path}`)
const { RecordBatch } = kafkajs("recordBatch/v0")
const Record = kafkajs("recordBatch/record/v0")
const decodeBatch = kafkajs("recordBatch/v0/decoder")
const Decoder = kafkajs("decoder")

const RECORDS = 1_000
const ROUNDS = 7
/** Batches of one round. */
const BATCHES = 60

interface Sample {
  readonly key: string
  readonly value: string
}

const samples: readonly Sample[] = Array.from({ length: RECORDS }, (_, index) => {
  const head = `{"id":${index},"user":"user-${index % 97}","text":"`
  return { key: `user-${index % 97}`, value: `${head}${"x".repeat(198 - head.length)}"}` }
})

function encodeOurs(): Uint8Array {
  const encoder = new BatchEncoder()
  for (const { key, value } of samples) encoder.add(key, value, 1_790_000_000_000)
  const { bytes, facts } = encoder.finish("none")
  writeHeader(bytes, facts, NO_STAMP)
  return bytes
}

/** As kafkajs' producer does for a request. */
async function encodeTheirs(): Promise<Buffer> {
  const records = samples.map(({ key, value }, offsetDelta) =>
    Record({ offsetDelta, timestampDelta: 0, key, value }),
  )
  const time = 1_790_000_000_000
  const options = { firstTimestamp: time, maxTimestamp: time, lastOffsetDelta: RECORDS - 1, records }
  return (await RecordBatch(options)).buffer
}

async function decodeOurs(bytes: Uint8Array): Promise<number> {
  let read = 0
  const batch = await fetchedBatch({ topic: "t", partition: 0 }, bytes, 0)
  batch.forEach(record => {
    read += (record.key?.length ?? 0) + (record.value?.length ?? 0)
  })
  return read
}

async function decodeTheirs(bytes: Uint8Array): Promise<number> {
  let read = 0
  const { records } = await decodeBatch(
    new Decoder(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)),
  )
  for (const { key, value } of records) read += key.length + value.length
  return read
}

/** CPU nanoseconds a record. */
async function cpuNs(work: () => unknown): Promise<number> {
  const before = process.cpuUsage()
  for (let at = 0; at < BATCHES; at++) await work()
  const { user, system } = process.cpuUsage(before)
  return ((user + system) * 1_000) / (BATCHES * RECORDS)
}

const median = (numbers: number[]) => [...numbers].sort((a, b) => a - b)[numbers.length >> 1]

async function compare(name: string, ours: () => unknown, theirs: () => unknown): Promise<number> {
  const rounds: [number, number][] = []
  for (let round = 0; round < ROUNDS; round++) rounds.push([await cpuNs(ours), await cpuNs(theirs)])
  const [own, other] = [median(rounds.map(([a]) => a)), median(rounds.map(([, b]) => b))]
  const ratio = median(rounds.map(([a, b]) => b / a))
  console.log(
    `${name.padEnd(8)} millrace ${own.toFixed(0).padStart(6)} ns a record   kafkajs ${other.toFixed(0).padStart(6)}   ratio ${ratio.toFixed(1)} (aim 2)`,
  )
  return ratio
}

/** Compares both codecs. Returns whether both ratios reach the aim. */
export async function compareCodecs(): Promise<boolean> {
  const batch = encodeOurs()
  const theirs = await encodeTheirs()
  if ((await decodeTheirs(batch)) !== (await decodeOurs(theirs)))
    throw new Error("the codecs read different records")
  const encode = await compare("encode", encodeOurs, encodeTheirs)
  const decode = await compare(
    "decode",
    () => decodeOurs(batch),
    () => decodeTheirs(batch),
  )
  return encode >= 2 && decode >= 2
}
