import type { RecordHeader } from "./batch-builder.ts"
import { checkAttributes, instantOf, invalidEvent } from "./cloud-attributes.ts"
import { withFaults } from "./json-faults.ts"
import { BRACE_OPEN, BRACKET_OPEN, JsonFault, JsonScanner, JsonStepper, QUOTE } from "./json-scanner.ts"
import { excerpt, nameText } from "./json-text.ts"
import { KafkaValues } from "./kafka-values.ts"
import { asciiReader } from "./native.ts"
import { groupRecords, type ParsedRecords, type RecordsTarget } from "./parsed-records.ts"
import { RecordColumns } from "./record-ranges.ts"

/** Structured events in JSON: one (`event`), or an array of them (`batch`). */
export interface CloudEventsOptions extends RecordsTarget {
  readonly mode: "event" | "batch"
}

const utf8 = new TextEncoder()
const decoder = new TextDecoder()
/** What the Kafka binding says of a record that is a whole event. */
const HEADERS: readonly RecordHeader[] = [
  { key: "content-type", value: utf8.encode("application/cloudevents+json; charset=UTF-8") },
]
/** RFC 4648 §4. */
const BASE64 = /^[A-Za-z0-9+/]*={0,2}$/
const INT_MAX = 2 ** 31

/**
 * The records of a body of structured CloudEvents (JSON event format 1.0.2), mapped as in the Kafka protocol binding: a
 * record's value is the whole event, byte for byte, its key the extension `partitionkey`, its header `content-type` the
 * event format's; its timestamp is the event's `time`. A batch may be empty.
 *
 * Throws `malformed_json`, and `invalid_record` naming the path of what is wrong.
 */
export function cloudEvents(body: Uint8Array, options: CloudEventsOptions): ParsedRecords {
  const ranges = withFaults(body, () => new EventsParser(body).parse(options.mode))
  if (ranges.count === 0) return { count: 0, keyed: false, groups: [], groupOf: null }
  return groupRecords(ranges, options.partitions, options.partition)
}

const BACKSLASH = 92

/** Whether a JSON string's bytes are its text, and ASCII. */
function isPlain(bytes: Uint8Array, start: number, end: number): boolean {
  for (let at = start; at < end; at++) if (bytes[at]! >= 0x80 || bytes[at] === BACKSLASH) return false
  return true
}

class EventsParser {
  readonly #body: Uint8Array
  readonly #scanner: JsonScanner
  readonly #values: KafkaValues
  readonly #members: JsonStepper
  readonly #columns = new RecordColumns()
  readonly #ascii: (start: number, end: number) => string

  constructor(body: Uint8Array) {
    this.#body = body
    this.#scanner = new JsonScanner(body, false)
    this.#values = new KafkaValues(this.#scanner, "json")
    this.#members = new JsonStepper(this.#scanner)
    this.#ascii = asciiReader(body)
  }

  parse(mode: CloudEventsOptions["mode"]) {
    const scanner = this.#scanner
    const start = scanner.space(0)
    const end = scanner.space(mode === "event" ? this.#event(start, "event") : this.#batch(start))
    if (end < scanner.end) throw new JsonFault(end, "the end of the body")
    return this.#columns.ranges(this.#values.buffer())
  }

  #batch(at: number): number {
    if (this.#body[at] !== BRACKET_OPEN) throw this.#expected("events", "an array", at)
    const events = new JsonStepper(this.#scanner)
    events.enter(at)
    while (events.next()) events.at = this.#event(events.at, `events[${this.#columns.count}]`)
    return events.at
  }

  #event(at: number, path: string): number {
    const members = this.#members
    if (this.#body[at] !== BRACE_OPEN) throw this.#expected(path, "an object", at)
    const attributes = new Map<string, string | number | boolean>()
    const data = new Set<string>()
    let key = -1
    members.enter(at)
    while (members.next()) {
      const name = this.#name(members.nameStart, members.nameEnd)
      const start = members.at
      members.at = this.#scanner.value(start)
      if (this.#values.isNull(start)) continue
      if (name === "data") data.add(name)
      else {
        const value = this.#attribute(`${path}.${name}`, start, members.at)
        if (name !== "data_base64") attributes.set(name, value)
        else if (typeof value !== "string" || !BASE64.test(value))
          throw this.#expected(`${path}.${name}`, "a base64 string", start)
        else data.add(name)
      }
      if (name === "partitionkey") key = start
    }
    checkAttributes(attributes, `${path}.`)
    if (data.size > 1) throw invalidEvent(`${path}.data_base64`, "is there beside data, expected one of them")
    this.#add(at, members.at, key, attributes.get("time"))
    return members.at
  }

  #add(start: number, end: number, key: number, time: string | number | boolean | undefined): void {
    const timestamp = typeof time === "string" ? Math.max(0, Math.floor(instantOf(time))) : Number.NaN
    const hasKey = key >= 0 && this.#values.text(key, this.#scanner.value(key))
    const [keyStart, keyEnd] = hasKey ? [this.#values.start, this.#values.end] : [-1, -1]
    this.#columns.add(keyStart, keyEnd, start, end, -1, timestamp, HEADERS)
  }

  #name(start: number, end: number): string {
    return isPlain(this.#body, start, end) ? this.#ascii(start, end) : nameText(this.#body, start, end)
  }

  #attribute(path: string, start: number, end: number): string | number | boolean {
    // Nearly all are such texts; a decoder takes several times as long for a short one.
    if (this.#body[start] === QUOTE && isPlain(this.#body, start + 1, end - 1))
      return this.#ascii(start + 1, end - 1)
    const value: unknown = JSON.parse(decoder.decode(this.#body.subarray(start, end)))
    if (typeof value === "string" || typeof value === "boolean") return value
    if (Number.isInteger(value) && Number(value) >= -INT_MAX && Number(value) < INT_MAX) return Number(value)
    throw this.#expected(path, "a string, a boolean or a 32-bit integer", start)
  }

  #expected(path: string, expected: string, start: number) {
    const found = excerpt(this.#body, start, this.#scanner.value(start))
    return invalidEvent(path, `expected ${expected}, found ${found}`)
  }
}
