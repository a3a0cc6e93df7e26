import { decodeRecords } from "../../log/records/index.ts"
import type { Log, TopicInfo } from "../../log/types.ts"

/** Bytes that are read at once. */
const READ_BYTES = 1024 * 1024

const decoder = new TextDecoder()

/**
 * Gives what a topic holds, partition by partition: the JSON text of each value. Of a compacted topic each key's last one,
 * and none that was deleted.
 */
export async function giveResults(
  log: Log,
  name: string,
  give: (value: string) => Promise<void>,
): Promise<void> {
  const topic = await log.topic(name)
  const isCompacted = (topic.config["cleanup.policy"] ?? "").split(",").includes("compact")
  for (let partition = 0; partition < topic.partitions; partition++) {
    const last = new Map<string, string | undefined>()
    for await (const { key, value } of recordsOf(log, topic, partition)) {
      if (isCompacted && key !== undefined) {
        // Anew, so that the order is that of the last ones.
        last.delete(key)
        last.set(key, value)
      } else if (value !== undefined) await give(value)
    }
    for (const value of last.values()) if (value !== undefined) await give(value)
  }
}

interface Result {
  readonly key: string | undefined
  readonly value: string | undefined
}

async function* recordsOf(log: Log, { id }: TopicInfo, partition: number): AsyncGenerator<Result> {
  for (let offset = 0; ; ) {
    const fetched = await log.fetch(id, partition, { offset, maxBytes: READ_BYTES })
    for (const { bytes } of fetched.batches) {
      for (const { key, value } of decodeRecords(bytes)) yield { key: textOf(key), value: textOf(value) }
    }
    if (fetched.nextOffset === offset) return
    offset = fetched.nextOffset
  }
}

function textOf(bytes: Uint8Array | null | undefined): string | undefined {
  return bytes === null || bytes === undefined ? undefined : decoder.decode(bytes)
}
