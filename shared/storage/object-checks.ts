import { StorageError } from "./errors.ts"
import { checkInstant } from "./meta-checks.ts"
import type { ByteRange, ObjectPutOptions } from "./object-store.ts"
import {
  OBJECT_DELETES_MAX,
  OBJECT_KEY_BYTES_MAX,
  OBJECT_KEY_PART_BYTES_MAX,
  OBJECT_LIST_PAGE,
} from "./object-store.ts"

const KEY = /^[a-zA-Z0-9._/-]+$/
const PREFIX = /^[a-zA-Z0-9._/-]*$/

export function checkObjectKey(key: string): void {
  if (typeof key !== "string" || !KEY.test(key)) {
    throw invalid(`key: expected [a-zA-Z0-9._/-]+, got ${JSON.stringify(key)}`)
  }
  if (key.length > OBJECT_KEY_BYTES_MAX) {
    throw tooLarge(`key: expected at most ${OBJECT_KEY_BYTES_MAX} bytes, got ${key.length}`)
  }
  for (const part of key.split("/")) {
    if (part === "" || part === "." || part === "..") {
      throw invalid(`key: expected no empty, . or .. part, got ${JSON.stringify(key)}`)
    }
    if (part.length > OBJECT_KEY_PART_BYTES_MAX) {
      throw tooLarge(`key: expected parts of at most ${OBJECT_KEY_PART_BYTES_MAX} bytes, got ${part.length}`)
    }
  }
}

export function checkObjectPut(key: string, options: ObjectPutOptions | undefined): void {
  checkObjectKey(key)
  if (options?.ifAbsent && options.notAfter === undefined) {
    throw invalid("notAfter: required by a conditional put")
  }
  if (options?.notAfter !== undefined) checkInstant("notAfter", options.notAfter)
}

export function checkRange(range: ByteRange | undefined): void {
  if (range === undefined) return
  const { start, end } = range
  if (Number.isSafeInteger(start) && Number.isSafeInteger(end) && start >= 0 && start < end) return
  throw invalid(`range: expected 0 ≤ start < end, got ${start} to ${end}`)
}

export function checkDeletes(keys: readonly string[]): void {
  if (keys.length > OBJECT_DELETES_MAX) {
    throw tooLarge(`keys: expected at most ${OBJECT_DELETES_MAX}, got ${keys.length}`)
  }
  for (const key of keys) checkObjectKey(key)
}

/** Checks a listing's arguments and returns its limit. */
export function checkList(prefix: string, options: { after?: string; limit?: number } | undefined): number {
  if (!PREFIX.test(prefix)) throw invalid(`prefix: expected [a-zA-Z0-9._/-]*, got ${JSON.stringify(prefix)}`)
  if (options?.after !== undefined && !PREFIX.test(options.after)) {
    throw invalid(`after: expected [a-zA-Z0-9._/-]*, got ${JSON.stringify(options.after)}`)
  }
  const limit = options?.limit ?? OBJECT_LIST_PAGE
  if (!Number.isSafeInteger(limit) || limit < 1 || limit > OBJECT_LIST_PAGE) {
    throw invalid(`limit: expected 1 to ${OBJECT_LIST_PAGE}, got ${limit}`)
  }
  return limit
}

/** The pieces of a body, whatever form it came in. */
export function bodyPieces(body: Uint8Array | readonly Uint8Array[]): readonly Uint8Array[] {
  return body instanceof Uint8Array ? [body] : body
}

function invalid(message: string): StorageError {
  return new StorageError("invalid", message)
}

function tooLarge(message: string): StorageError {
  return new StorageError("too_large", message)
}
