import { LogError } from "../errors.ts"

/**
 * The framing that carries batches of many partitions in one body: 4 bytes big-endian length of the head, the head
 * (JSON, UTF-8), then the batches' bytes one after the other, in the head's order. Nothing here is native: browsers read
 * and write it too.
 */

/** The media type of a framed body. */
export const FRAMED_TYPE = "application/vnd.millrace.framed"

/** The length of the head stands in this many bytes. */
export const FRAME_LENGTH_BYTES = 4

/** A framed body, taken apart. */
export interface Frame {
  /** The head's JSON; what it must hold is for its reader to check. */
  readonly head: unknown
  /** The batches' bytes, a view of the body. */
  readonly payload: Uint8Array
}

const encoder = new TextEncoder()
const decoder = new TextDecoder("utf-8", { fatal: true })

/** The pieces of a framed body: its head with the length in front, then the batches as they are, not copied. */
export function framePieces(head: object, batches: readonly Uint8Array[]): Uint8Array[] {
  const text = encoder.encode(JSON.stringify(head))
  const first = new Uint8Array(FRAME_LENGTH_BYTES + text.length)
  new DataView(first.buffer).setUint32(0, text.length)
  first.set(text, FRAME_LENGTH_BYTES)
  return [first, ...batches]
}

/** A framed body in one piece. */
export function writeFrame(head: object, batches: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  return joinPieces(framePieces(head, batches))
}

/** Pieces one after the other, copied. */
export function joinPieces(pieces: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const body = new Uint8Array(pieces.reduce((sum, piece) => sum + piece.length, 0))
  let at = 0
  for (const piece of pieces) {
    body.set(piece, at)
    at += piece.length
  }
  return body
}

/** Takes a framed body apart. Throws `corrupt_batch` (the length) and `malformed_json` (the head). */
export function readFrame(body: Uint8Array): Frame {
  if (body.length < FRAME_LENGTH_BYTES)
    throw fault(`expected ${FRAME_LENGTH_BYTES} bytes that tell the head's length`, body.length)
  const length = new DataView(body.buffer, body.byteOffset, body.byteLength).getUint32(0)
  const left = body.length - FRAME_LENGTH_BYTES
  if (length > left) throw fault(`expected a head of ${length} bytes, as the first 4 say`, left)
  const end = FRAME_LENGTH_BYTES + length
  try {
    const head: unknown = JSON.parse(decoder.decode(body.subarray(FRAME_LENGTH_BYTES, end)))
    return { head, payload: body.subarray(end) }
  } catch (cause) {
    const why = cause instanceof SyntaxError ? cause.message : "it is not UTF-8"
    throw new LogError("malformed_json", `body.head: expected JSON, but ${why}`, { cause })
  }
}

/**
 * Cuts a payload into batches of the lengths given (bytes, 0 or more), as views of it. Throws `corrupt_batch` unless they add up to
 * the payload.
 */
export function cutPayload(payload: Uint8Array, lengths: readonly number[]): Uint8Array[] {
  let at = 0
  const batches = lengths.map(length => {
    at += length
    return payload.subarray(at - length, at)
  })
  if (at !== payload.length) throw fault(`expected ${at} bytes behind the head, as it says`, payload.length)
  return batches
}

const fault = (expected: string, found: number): LogError =>
  new LogError("corrupt_batch", `body: ${expected}, found ${found}`)
