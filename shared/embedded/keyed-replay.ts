import type { Replay } from "../definition/replay.ts"
import { partitionForKey } from "../log/records/index.ts"
import type { Log } from "../log/types.ts"
import type { Ports } from "../storage/time.ts"
import { Replayer, type ReplayLane } from "./replay.ts"
import { StartError } from "./start-error.ts"

/** A replay on its way, however many lanes it has. */
export interface Replaying {
  readonly sent: number
  readonly count: number
  /** Sends what is left, at the replay's pace. `progress` is told after every append. */
  run(progress: (sent: number) => void, signal: AbortSignal): Promise<void>
}

/**
 * Opens an app's replay. Where its topic has a key field, records go to the partitions of their keys: a lane each, with a
 * position of its own.
 */
export async function openReplay(ports: Ports, log: Log, replay: Replay): Promise<Replaying> {
  const { keyField, partitions } = await log.topic(replay.topic)
  if (keyField === undefined) return Replayer.open(ports, log, replay)
  const keyOf = keyReader(keyField)
  const parted: Uint8Array[][] = Array.from({ length: partitions }, () => [])
  for await (const value of replay.values(0)) parted[partitionForKey(keyOf(value), partitions)]?.push(value)
  const lanes = await Promise.all(
    parted.map((values, partition) => {
      const lane: ReplayLane = { partition, keyOf }
      const part = { ...replay, count: values.length, values: (from: number) => values.slice(from) }
      return Replayer.open(ports, log, part, lane)
    }),
  )
  const sent = () => lanes.reduce((sum, lane) => sum + lane.sent, 0)
  return {
    get sent() {
      return sent()
    },
    count: replay.count,
    async run(progress, signal) {
      await Promise.all(lanes.map(lane => lane.run(() => progress(sent()), signal)))
    },
  }
}

/** A text key is its UTF-8, any other its JSON text. */
function keyReader(field: string): (value: Uint8Array) => Uint8Array {
  const encoder = new TextEncoder()
  const decoder = new TextDecoder()
  return value => {
    const key = (JSON.parse(decoder.decode(value)) as Record<string, unknown>)[field]
    if (key === undefined)
      throw new StartError("bad_replay", `the replay has a record without ${field}, its key`)
    return encoder.encode(typeof key === "string" ? key : JSON.stringify(key))
  }
}
