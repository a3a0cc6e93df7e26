import { LogError } from "../errors.ts"
import { lineOf, withFaults } from "./json-faults.ts"
import { BRACE_OPEN, JsonFault, JsonScanner, JsonStepper, LINE_FEED, QUOTE } from "./json-scanner.ts"
import { excerpt, hasEscape, nameEquals, unescapeString } from "./json-text.ts"
import { groupRecords, type ParsedRecords, type RecordsTarget } from "./parsed-records.ts"
import { grown, type RecordRanges } from "./record-ranges.ts"
import { TextStore } from "./text-store.ts"

export interface NdjsonOptions extends RecordsTarget {
  /** The top-level field whose value is the record's key. */
  readonly keyField?: string
}

/** Lines are seldom shorter than this; a column that is too short grows. */
const LINE_BYTES_GUESS = 64
const KEYS_GUESS = 1024
const NULL_FIRST_BYTE = 110

/**
 * The records of an NDJSON body: a JSON value a line (LF or CRLF; blank lines are skipped; the last line needs no LF).
 * Values keep their exact bytes, without the white space around them. With `keyField` a string key is its raw UTF-8,
 * any other its JSON text, the last of duplicate members counts.
 *
 * Throws `malformed_json` for the first line that is no valid JSON text (RFC 8259, nested at most `JSON_DEPTH_MAX`
 * deep) and `invalid_record` for one without the key field, or a body without records.
 */
export function ndjsonRecords(body: Uint8Array, options: NdjsonOptions): ParsedRecords {
  const ranges = withFaults(body, () => scanLines(body, options.keyField))
  if (ranges.count === 0)
    throw new LogError("invalid_record", "body: expected at least one record, found none")
  return groupRecords(ranges, options.partitions, options.partition)
}

function scanLines(body: Uint8Array, keyField?: string): RecordRanges {
  const end = body.length
  const scanner = new JsonScanner(body, true)
  const keys = keyField === undefined ? null : new KeyFinder(scanner, keyField)
  let valueStarts = new Int32Array(Math.ceil(end / LINE_BYTES_GUESS) + 1)
  let valueEnds = new Int32Array(valueStarts.length)
  let count = 0
  for (let i = 0; i < end; i++) {
    if (body[i]! <= 32) i = scanner.space(i)
    if (i >= end) break
    if (body[i] === LINE_FEED) continue
    if (count === valueStarts.length) {
      valueStarts = grown(valueStarts, count + 1)
      valueEnds = grown(valueEnds, count + 1)
    }
    valueStarts[count] = i
    i = keys === null ? scanner.value(i) : keys.find(i, count)
    valueEnds[count++] = i
    if (i < end && body[i] !== LINE_FEED) i = lineEnd(scanner, i)
  }
  return {
    source: keys === null ? body : keys.buffer(),
    count,
    keyStarts: keys === null ? null : keys.starts,
    keyEnds: keys === null ? null : keys.ends,
    valueStarts,
    valueEnds,
    timestamps: null,
    headers: null,
    partitions: null,
  }
}

function lineEnd(scanner: JsonScanner, at: number): number {
  const i = scanner.space(at)
  if (i < scanner.end && scanner.bytes[i] !== LINE_FEED) throw new JsonFault(i, "the end of the line")
  return i
}

/** Scans values as `JsonScanner.value` does, and takes their keys out on the way. */
class KeyFinder {
  starts = new Int32Array(KEYS_GUESS)
  ends = new Int32Array(KEYS_GUESS)
  readonly #scanner: JsonScanner
  readonly #body: Uint8Array
  readonly #field: string
  readonly #name: Uint8Array
  readonly #members: JsonStepper
  readonly #texts: TextStore

  constructor(scanner: JsonScanner, field: string) {
    this.#scanner = scanner
    this.#body = scanner.bytes
    this.#field = field
    this.#name = new TextEncoder().encode(field)
    this.#members = new JsonStepper(scanner)
    this.#texts = new TextStore(scanner.bytes)
  }

  /** The index after the value at `valueStart`, whose key becomes the one of the record `index`. */
  find(valueStart: number, index: number): number {
    const body = this.#body
    const members = this.#members
    if (body[valueStart] !== BRACE_OPEN) {
      this.#scanner.value(valueStart)
      throw this.#missing(valueStart)
    }
    let start = -1
    let end = -1
    members.enter(valueStart)
    while (members.next()) {
      const from = members.at
      const to = this.#scanner.value(from)
      if (nameEquals(body, members.nameStart, members.nameEnd, this.#name)) {
        start = from
        end = to
      }
      members.at = to
    }
    // Missing and null are one value, and neither names a partition.
    if (start < 0 || body[start] === NULL_FIRST_BYTE) throw this.#missing(valueStart)
    this.#take(start, end, index)
    return members.at
  }

  buffer(): Uint8Array {
    return this.#texts.buffer()
  }

  #take(start: number, end: number, index: number): void {
    const body = this.#body
    if (index === this.starts.length) {
      this.starts = grown(this.starts, index + 1)
      this.ends = grown(this.ends, index + 1)
    }
    const quoted = body[start] === QUOTE
    let keyStart = quoted ? start + 1 : start
    let keyEnd = quoted ? end - 1 : end
    if (quoted && hasEscape(body, keyStart, keyEnd)) {
      const texts = this.#texts
      const textStart = texts.next
      texts.reserve(end - start)
      texts.size = unescapeString(body, keyStart, keyEnd, texts.bytes, texts.size)
      keyStart = textStart
      keyEnd = texts.next
    }
    this.starts[index] = keyStart
    this.ends[index] = keyEnd
  }

  #missing(valueStart: number): LogError {
    const line = lineOf(this.#body, valueStart)
    return new LogError(
      "invalid_record",
      `line ${line}: expected an object with the key field "${this.#field}", found ${this.#excerpt(valueStart)}`,
      { detail: { line, path: this.#field } },
    )
  }

  #excerpt(valueStart: number): string {
    const lineEnd = this.#body.indexOf(LINE_FEED, valueStart)
    return excerpt(this.#body, valueStart, lineEnd < 0 ? this.#body.length : lineEnd)
  }
}
