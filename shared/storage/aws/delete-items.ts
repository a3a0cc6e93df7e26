import { setTimeout as sleep } from "node:timers/promises"
import type { WriteRequest } from "@aws-sdk/client-dynamodb"
import { StorageError } from "../errors.ts"
import { refusalOf } from "./sdk-errors.ts"

/** DynamoDB: requests of one BatchWriteItem call. */
const BATCH_WRITES_MAX = 25
/** Calls in a row that leave something behind, before the rest is given up. */
const THROTTLES_MAX = 6
/** Pause after the first such call, ms; it doubles, to 3.1 s in all, and is shortened by chance by up to half. */
const THROTTLE_PAUSE_MS = 100

/** All was throttled until patience ended: no item was deleted. */
export class NothingDeleted extends Error {
  override readonly name = "NothingDeleted"
}

/**
 * Sends deletes in batches, one after the other. What a batch leaves (throttled one by one, or the call as a whole) goes
 * into the next ones after a pause, which grows while it happens again.
 * Source: Amazon DynamoDB API Reference, BatchWriteItem: "we strongly recommend that you use an exponential backoff".
 *
 * @param send sends one batch and returns what was not processed of it
 * @throws NothingDeleted
 * @throws StorageError `unavailable`: some were deleted. What the first batch fails of, where none can have been.
 */
export async function deleteItems(
  deletes: readonly WriteRequest[],
  send: (batch: WriteRequest[]) => Promise<readonly WriteRequest[]>,
): Promise<void> {
  let left = [...deletes]
  let throttles = 0
  while (left.length > 0) {
    const batch = left.slice(0, BATCH_WRITES_MAX)
    const unprocessed = await sendBatch(batch, send, left.length < deletes.length)
    left = [...left.slice(batch.length), ...unprocessed]
    if (unprocessed.length === 0) {
      throttles = 0
      continue
    }
    throttles++
    if (throttles < THROTTLES_MAX) await pause(throttles)
    else if (left.length === deletes.length) throw new NothingDeleted("all deletes were throttled")
    else throw new StorageError("unavailable", `${left.length} items were not deleted: throttled`)
  }
}

/** A call that is throttled as a whole has processed nothing. */
async function sendBatch(
  batch: WriteRequest[],
  send: (batch: WriteRequest[]) => Promise<readonly WriteRequest[]>,
  someDeleted: boolean,
): Promise<readonly WriteRequest[]> {
  try {
    return await send(batch)
  } catch (cause) {
    if (refusalOf(cause) === "throttled") return batch
    if (!someDeleted) throw cause
    throw new StorageError("unavailable", "some items were not deleted", { cause })
  }
}

async function pause(throttles: number): Promise<void> {
  await sleep(THROTTLE_PAUSE_MS * 2 ** (throttles - 1) * (1 - Math.random() / 2))
}
