import type * as v from "valibot"
import type { ProducerStamp } from "../log/types.ts"
import { ApiError } from "./errors.ts"
import type { producerHeaders } from "./parameters.ts"

const names = ["producer-id", "producer-epoch", "producer-seq"] as const

/**
 * The producer of a request, undefined where it names none.
 * @throws ApiError `invalid` where some of the three headers are missing
 */
export function producerStamp(headers: v.InferOutput<typeof producerHeaders>): ProducerStamp | undefined {
  const { "producer-id": id, "producer-epoch": epoch, "producer-seq": sequence } = headers
  if (id !== undefined && epoch !== undefined && sequence !== undefined) return { id, epoch, sequence }
  const missing = names.filter(name => headers[name] === undefined)
  if (missing.length === names.length) return undefined
  const faults = missing.map(
    name => `headers.${name}: is missing, expected beside the other producer headers`,
  )
  throw new ApiError("invalid", faults.join("; "))
}
