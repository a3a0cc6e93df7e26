import type { IncomingMessage, ServerResponse } from "node:http"
import { bodyTooLarge } from "../api/body.ts"
import { ApiError } from "../api/errors.ts"
import { BODY_BYTES_MAX } from "../api/limits.ts"

/**
 * What is read and thrown away of a body that was refused, so that a client which writes before it reads still gets
 * the answer. More is cut off.
 */
const DRAIN_BYTES_MAX = 64 * 1024 * 1024

const empty = Buffer.alloc(0)

/** Room for a body whose length nobody told. */
const CHUNK_BYTES = 64 * 1024

function grown(from: Buffer, used: number, size: number): Buffer {
  const to = Buffer.allocUnsafeSlow(size)
  to.set(from.subarray(0, used))
  return to
}

export type CollectedBody =
  /** `reserved` bytes of the budget are to be given back after the answer. */
  | { readonly outcome: "whole"; readonly body: Buffer; readonly reserved: number }
  | { readonly outcome: "refused"; readonly error: ApiError }
  | { readonly outcome: "gone" }

/** Bytes that all bodies together may still take. */
export interface BodyBudget {
  bytes: number
}

/** Throws away what is still to come, so that a client which writes before it reads gets its answer. */
function drain(request: IncomingMessage): void {
  let left = DRAIN_BYTES_MAX
  request.on("data", (chunk: Buffer) => {
    left -= chunk.length
    if (left < 0) request.destroy()
  })
}

/** Whether a request brings a body. */
export function hasBody({ headers }: IncomingMessage): boolean {
  const { "content-length": length, "transfer-encoding": coding } = headers
  return coding !== undefined || (length !== undefined && length !== "0")
}

/** Reads a request's body up to `BODY_BYTES_MAX`. Never rejects. */
export function collectBody(
  request: IncomingMessage,
  response: ServerResponse,
  budget: BodyBudget,
  expectsContinue: boolean,
): Promise<CollectedBody> | CollectedBody {
  if (!hasBody(request)) return { outcome: "whole", body: empty, reserved: 0 }
  const { "content-length": length } = request.headers
  // A body of unknown length may be as large as any.
  const reserved = length === undefined ? BODY_BYTES_MAX : Number(length)
  let error: ApiError | undefined
  if (reserved > BODY_BYTES_MAX) error = bodyTooLarge()
  else if (reserved > budget.bytes) error = new ApiError("busy", "Too many bodies at once; try again soon.")
  if (error !== undefined) {
    // One that waits for 100 Continue sends nothing more; any other is under way already.
    if (!expectsContinue) drain(request)
    return { outcome: "refused", error }
  }
  budget.bytes -= reserved
  if (expectsContinue) response.writeContinue()
  return readAll(request, reserved, budget, length === undefined ? CHUNK_BYTES : reserved)
}

/** @param room bytes that are made room for with the first piece: pieces are copied as they come, and die young */
function readAll(
  request: IncomingMessage,
  reserved: number,
  budget: BodyBudget,
  room: number,
): Promise<CollectedBody> {
  return new Promise(resolve => {
    let whole: Buffer = empty
    let bytes = 0
    const settle = (result: CollectedBody) => {
      request.off("data", take).off("end", finish).off("close", lose).off("error", lose)
      if (result.outcome !== "whole") budget.bytes += reserved
      resolve(result)
    }
    const take = (chunk: Buffer) => {
      const before = bytes
      bytes += chunk.length
      if (bytes <= BODY_BYTES_MAX) {
        // The whole body in one piece, as small ones come, is not copied at all.
        if (before === 0 && bytes >= room) {
          whole = chunk
          return
        }
        if (bytes > whole.length) whole = grown(whole, before, Math.max(room, bytes, 2 * before))
        whole.set(chunk, before)
        return
      }
      settle({ outcome: "refused", error: bodyTooLarge() })
      drain(request)
    }
    const finish = () => {
      settle({ outcome: "whole", body: whole.subarray(0, bytes), reserved })
    }
    const lose = () => {
      // An error that comes after this must not end the process.
      request.on("error", () => undefined)
      settle({ outcome: "gone" })
    }
    request.on("data", take).once("end", finish).once("close", lose).once("error", lose)
  })
}
