import { StorageError } from "../storage/errors.ts"
import { Pause } from "../storage/settle.ts"
import type { Ports } from "../storage/time.ts"

/** Times an upload is tried before its caller is told that the store does not answer. */
const UPLOAD_TRIES = 5

/**
 * Stores an object under a key that nobody else has, trying again while the outcome is unknown: the same bytes under
 * the same key, whatever number of tries is applied. Returns a store time at or before the upload, from which the
 * bound on naming the object counts. Throws `StorageError` (`unavailable`).
 */
export async function uploadObject(
  ports: Pick<Ports, "objects" | "clock">,
  key: string,
  body: readonly Uint8Array[],
  signal?: AbortSignal,
): Promise<number> {
  const pause = new Pause(ports.clock, signal)
  const began = ports.clock.elapsed()
  for (let tries = 1; ; tries++) {
    const answer = await ports.objects.put(key, body)
    if (answer.outcome === "committed") return answer.date - (ports.clock.elapsed() - began)
    if (tries >= UPLOAD_TRIES || signal?.aborted === true) {
      throw new StorageError("unavailable", `object ${key} was not stored after ${tries} tries`, {
        cause: answer,
      })
    }
    await pause.wait()
  }
}

/**
 * The key of a flush's object. The hour is the store's, so that what is garbage can be told from the key alone; the
 * first digit spreads uploads over S3's partitions.
 */
export function walKey(storeDate: number, id: string): string {
  const hour = new Date(storeDate).toISOString().slice(0, 13)
  return `wal/${id[0]}/${hour}/${id}`
}
