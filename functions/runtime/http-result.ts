import { errorReply } from "../../shared/api/error-reply.ts"
import { ApiError } from "../../shared/api/errors.ts"
import type { ApiResponse } from "../../shared/api/types.ts"

/** What a function answers an HTTP API. */
export interface HttpResult {
  readonly statusCode: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
  readonly isBase64Encoded: boolean
}

/** Lambda's bound of an answer, 6 MB, as it tells it in its error. */
const ANSWER_BYTES_MAX = 6_291_556
/** Room for status and headers, of which the API sends a handful. */
const ENVELOPE_BYTES = 16 * 1024
const BODY_BYTES_MAX = ANSWER_BYTES_MAX - ENVELOPE_BYTES

const base64Bytes = (bytes: number) => 4 * Math.ceil(bytes / 3)

/** An answer as the gateway takes it: text as text, unless its escapes make it longer than base64 does. */
export function resultOf({ status, headers, body }: ApiResponse): HttpResult {
  const answer = (text: string, isBase64Encoded: boolean) => ({
    statusCode: status,
    headers,
    body: text,
    isBase64Encoded,
  })
  if (typeof body === "string") {
    // Each character takes three bytes at most, or is an escape of six.
    if (body.length * 6 <= BODY_BYTES_MAX) return answer(body, false)
    if (Buffer.byteLength(JSON.stringify(body)) <= BODY_BYTES_MAX) return answer(body, false)
  }
  const pieces = typeof body === "string" || body instanceof Uint8Array ? [body] : body
  const bytes = pieces.reduce((sum, piece) => sum + Buffer.byteLength(piece), 0)
  if (base64Bytes(bytes) > BODY_BYTES_MAX) return resultOf(errorReply(tooLarge(bytes)))
  return answer(joined(pieces).toString("base64"), true)
}

function joined(pieces: readonly (string | Uint8Array)[]): Buffer {
  if (pieces.length !== 1) return Buffer.concat(pieces as readonly Uint8Array[])
  const [piece] = pieces
  return typeof piece === "string"
    ? Buffer.from(piece)
    : Buffer.from(piece!.buffer, piece!.byteOffset, piece!.byteLength)
}

function tooLarge(bytes: number): ApiError {
  const max = Math.floor(BODY_BYTES_MAX / 4) * 3
  return new ApiError(
    "not_representable",
    `The reply has ${bytes} bytes, and a function may answer ${max}; ask for batches, or for less at once`,
    { max },
  )
}
