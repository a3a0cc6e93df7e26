import type { ConnectionOptions } from "../connection.ts"
import { CODECS, type Codec } from "../edge/natives.ts"
import { ClientError } from "../errors.ts"
import { BATCH_BYTES_MAX } from "./accumulator.ts"

export interface ProducerOptions extends ConnectionOptions {
  /** How long a record waits for others of its partition, ms. Default 5. */
  readonly lingerMs?: number
  /** A batch is sent once it has so many bytes, uncompressed. Default 262,144. */
  readonly batchBytes?: number
  /** Default `none`. In browsers `gzip` and `none` alone. */
  readonly compression?: Codec
  /** Each record stands once, whatever is sent again. Default true. */
  readonly idempotent?: boolean
  /** How long a record may take from `send` to its answer, retries included, ms. Default 120,000. */
  readonly deliveryTimeoutMs?: number
  /** Bytes of records that wait or are under way, above which `send` makes further ones wait. Default 67,108,864. */
  readonly bufferBytes?: number
  /** Records that may wait for that memory; more are refused (`buffer_full`). Default 1,000,000. */
  readonly waitingMax?: number
  /** Requests at once. Default 4. */
  readonly requestsMax?: number
  /** Makes the producer transactional: it sends inside of `transaction` alone. 1 to 256 printable characters. */
  readonly transactionalId?: string
  /** How long a transaction may be open, ms, 1,000 to 900,000. Default 60,000. */
  readonly transactionTimeoutMs?: number
}

/** The options that batches are made and sent by. */
export type ProducerSettings = Required<Omit<ProducerOptions, keyof ConnectionOptions | "transactionalId">>

const DEFAULTS: ProducerSettings = {
  lingerMs: 5,
  batchBytes: 256 * 1024,
  compression: "none",
  idempotent: true,
  deliveryTimeoutMs: 120_000,
  bufferBytes: 64 * 1024 * 1024,
  waitingMax: 1_000_000,
  requestsMax: 4,
  transactionTimeoutMs: 60_000,
}

const BOUNDS: Readonly<Partial<Record<keyof ProducerSettings, readonly [min: number, max: number]>>> = {
  lingerMs: [0, 60_000],
  batchBytes: [1, BATCH_BYTES_MAX],
  deliveryTimeoutMs: [1, 24 * 3_600_000],
  bufferBytes: [1, Number.MAX_SAFE_INTEGER],
  waitingMax: [0, Number.MAX_SAFE_INTEGER],
  requestsMax: [1, 64],
  transactionTimeoutMs: [1_000, 900_000],
}

/** Throws `invalid`, naming the option and what was expected. */
export function producerSettings(options: ProducerOptions): ProducerSettings {
  const given = Object.entries(options).filter(([name, value]) => name in DEFAULTS && value !== undefined)
  const settings = { ...DEFAULTS, ...(Object.fromEntries(given) as Partial<ProducerSettings>) }
  for (const [name, [min, max]] of Object.entries(BOUNDS)) {
    const value = settings[name as keyof ProducerSettings]
    if (typeof value !== "number" || !(value >= min && value <= max))
      throw new ClientError("invalid", `${name}: expected ${min} to ${max}, got ${String(value)}`)
  }
  if (!CODECS.includes(settings.compression))
    throw new ClientError(
      "invalid",
      `compression: expected ${CODECS.join(", ")}, got ${settings.compression}`,
    )
  return settings
}
