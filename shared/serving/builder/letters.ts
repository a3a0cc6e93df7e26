import { LogError } from "../../log/errors.ts"
import { BATCH_BYTES_TARGET, RESERVED_PRODUCER_IDS, SEQUENCE_MODULUS } from "../../log/limits.ts"
import { crc32c, createBatchBuilder, readBatchHeader } from "../../log/records/index.ts"
import type { Log } from "../../log/types.ts"
import { StorageError } from "../../storage/errors.ts"
import { readAgain } from "../../storage/settle.ts"
import type { Ports } from "../../storage/time.ts"
import type { BadRecord } from "../ingest/column.ts"
import type { Letters, Manifest } from "../manifest/manifest.ts"
import { companionKey } from "../segment/segment-key.ts"
import type { TableInfo } from "../tables/table-item.ts"

/** What a dead letter's headers say: what was wrong, and where the record stands. */
export const LETTER_HEADERS = {
  error: "millrace.error",
  table: "millrace.table",
  topic: "millrace.topic",
  partition: "millrace.partition",
  offset: "millrace.offset",
} as const

/** Letters to be stored, and what the manifest then says of them. */
export interface StoredLetters {
  readonly letters: Letters
  readonly key: string
  readonly body: Uint8Array
}

/**
 * Jobs' producers are counted up from the first reserved id, ten thousand a generation: they never come here. Of two
 * thousand million million ids no two tables ever draw the same.
 */
const FIRST_PRODUCER_ID = RESERVED_PRODUCER_IDS + 2 ** 51
const PRODUCER_IDS = 2 ** 51 - 1

/**
 * Makes record batches of a partition's bad records. Undefined: there are none, or the topic is gone, so that they are
 * counted and no more.
 */
export async function lettersOf(
  log: Log,
  random: Ports["random"],
  table: TableInfo,
  manifest: Manifest,
  all: readonly BadRecord[],
): Promise<StoredLetters | undefined> {
  const { badRecords } = table.spec
  // What lies below was told by the table whose place this one is to take.
  const from = table.rebuild?.ends[manifest.partition] ?? 0
  const bad = from === 0 ? all : all.filter(({ offset }) => offset >= from)
  if (bad.length === 0 || typeof badRecords !== "object") return undefined
  const topic = await log.topic(badRecords.deadLetter).catch(ifGone)
  if (topic === undefined) return undefined
  const known = manifest.letters?.topicId === topic.id ? manifest.letters : undefined
  const { partition, producerId, sequence } = known ?? {
    partition: manifest.partition % topic.partitions,
    producerId: FIRST_PRODUCER_ID + random.integer(PRODUCER_IDS),
    sequence: 0,
  }
  const body = encodeLetters(table, manifest.partition, bad, { producerId, sequence })
  const pending = { id: random.id(), sizeBytes: body.length, crc32c: crc32c(body), sequence }
  return {
    letters: {
      topicId: topic.id,
      partition,
      producerId,
      sequence: (sequence + bad.length) % SEQUENCE_MODULUS,
      pending,
    },
    key: companionKey(table.id, manifest.partition, "letters", pending.id),
    body,
  }
}

function ifGone(error: unknown): undefined {
  if (error instanceof LogError && ["unknown_topic", "topic_deleted"].includes(error.code)) return undefined
  throw error
}

const utf8 = new TextEncoder()

function encodeLetters(
  { spec }: TableInfo,
  partition: number,
  bad: readonly BadRecord[],
  producer: { readonly producerId: number; readonly sequence: number },
): Uint8Array {
  const batches: Uint8Array[] = []
  const same = [
    { key: LETTER_HEADERS.table, value: utf8.encode(spec.name) },
    { key: LETTER_HEADERS.topic, value: utf8.encode(spec.topic) },
    { key: LETTER_HEADERS.partition, value: utf8.encode(String(partition)) },
  ]
  let { sequence } = producer
  let builder = createBatchBuilder()
  const close = () => {
    const { bytes, count } = builder.finish({
      codec: "zstd",
      producerId: producer.producerId,
      producerEpoch: 0,
      baseSequence: sequence,
    })
    batches.push(bytes)
    sequence = (sequence + count) % SEQUENCE_MODULUS
    builder = createBatchBuilder()
  }
  for (const { offset, timestamp, why, key, value, headers } of bad) {
    if (builder.count > 0 && builder.sizeBytes + value.length > BATCH_BYTES_TARGET) close()
    const told = [
      ...headers,
      { key: LETTER_HEADERS.error, value: utf8.encode(why) },
      ...same,
      { key: LETTER_HEADERS.offset, value: utf8.encode(String(offset)) },
    ]
    const keyBytes = key ?? new Uint8Array()
    const source = Buffer.concat([keyBytes, value])
    const at = key === undefined ? -1 : 0
    builder.add(source, at, keyBytes.length, keyBytes.length, source.length, timestamp, told)
  }
  close()
  return Buffer.concat(batches)
}

/**
 * Appends the letters that a manifest names as stored, each once, however often and by whomever this is done: those that
 * are there already are passed over. A topic that is gone takes none.
 * @param readAt store date of the read of the manifest, epoch ms
 *
 * Throws `LogError`, `StorageError`.
 */
export async function sendLetters(
  log: Log,
  ports: Pick<Ports, "objects" | "clock">,
  { tableId, partition: own }: Manifest,
  { topicId, partition, producerId, pending }: Letters,
  readAt: number,
): Promise<void> {
  if (pending === undefined) return
  const key = companionKey(tableId, own, "letters", pending.id)
  const read = await readAgain(ports, () => ports.objects.get(key))
  if (read?.body.length !== pending.sizeBytes || crc32c(read.body) !== pending.crc32c)
    throw new StorageError("corrupt", `letters ${key} are ${read === undefined ? "missing" : "damaged"}`)
  try {
    const position = await log.producerPosition(topicId, partition, producerId)
    const batches = batchesOf(read.body).filter(({ sequence }) => !isBefore(sequence, position.nextSequence))
    if (batches.length === 0) return
    await log.publish({ topicId, partition, batches: batches.map(({ bytes }) => bytes), readAt })
  } catch (error) {
    if (!(error instanceof LogError && error.code === "topic_deleted")) throw error
  }
}

function batchesOf(body: Uint8Array): readonly { readonly sequence: number; readonly bytes: Uint8Array }[] {
  const batches: { sequence: number; bytes: Uint8Array }[] = []
  for (let at = 0; at < body.length; ) {
    const header = readBatchHeader(body.subarray(at))
    batches.push({ sequence: header.baseSequence, bytes: body.slice(at, at + header.sizeBytes) })
    at += header.sizeBytes
  }
  return batches
}

/** Whether a sequence comes before another; they wrap round to 0. */
function isBefore(sequence: number, next: number): boolean {
  return (sequence - next + SEQUENCE_MODULUS) % SEQUENCE_MODULUS >= SEQUENCE_MODULUS / 2
}
