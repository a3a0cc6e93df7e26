import { LogError } from "../errors.ts"
import type { RecordHeader } from "./batch-builder.ts"
import { withFaults } from "./json-faults.ts"
import { BRACE_OPEN, BRACKET_OPEN, JsonFault, JsonScanner, JsonStepper } from "./json-scanner.ts"
import { excerpt, nameEquals, nameText } from "./json-text.ts"
import { KafkaValues, type RecordFormat } from "./kafka-values.ts"
import { groupRecords, type ParsedRecords, type RecordsTarget } from "./parsed-records.ts"
import { RecordColumns } from "./record-ranges.ts"

export interface KafkaRecordsOptions extends RecordsTarget {
  readonly format: RecordFormat
}

/** A partition's number is an int32 in Kafka's protocol. */
const PARTITION_MAX = 0x7fffffff

const MEMBERS = ["key", "value", "partition", "timestamp", "headers"] as const
type Member = (typeof MEMBERS)[number]
const utf8 = new TextEncoder()
const MEMBER_NAMES = MEMBERS.map(name => utf8.encode(name))
const RECORDS = utf8.encode("records")

/**
 * The records of a Kafka REST v2 body `{"records": [{key?, value, partition?, timestamp?, headers?}]}`. In format
 * `json` a string key is its raw UTF-8, any other key and every value its JSON text with its exact bytes; in format
 * `binary` both are base64. A null key is none, a null value a tombstone. `timestamp` is epoch ms; a header is
 * `{name or key, value}`, its value base64 in `binary`, else as a key.
 *
 * Throws `malformed_json`, and `invalid_record` naming the path of what is wrong.
 */
export function kafkaRecords(body: Uint8Array, options: KafkaRecordsOptions): ParsedRecords {
  const parser = new KafkaRecordsParser(body, options)
  const ranges = withFaults(body, () => parser.parse())
  if (ranges.count === 0)
    throw new LogError("invalid_record", "records: expected at least one record, found none", {
      detail: { path: "records" },
    })
  return groupRecords(ranges, options.partitions, options.partition)
}

class KafkaRecordsParser {
  readonly #scanner: JsonScanner
  readonly #body: Uint8Array
  readonly #target: RecordsTarget
  readonly #values: KafkaValues
  readonly #top: JsonStepper
  readonly #records: JsonStepper
  readonly #members: JsonStepper
  #columns = new RecordColumns()
  /** Where the values of the record's members begin and end; −1 while a member was not met. */
  readonly #starts = new Int32Array(MEMBERS.length)
  readonly #ends = new Int32Array(MEMBERS.length)

  constructor(body: Uint8Array, options: KafkaRecordsOptions) {
    this.#scanner = new JsonScanner(body, false)
    this.#body = body
    this.#target = options
    this.#values = new KafkaValues(this.#scanner, options.format)
    this.#top = new JsonStepper(this.#scanner)
    this.#records = new JsonStepper(this.#scanner)
    this.#members = new JsonStepper(this.#scanner)
  }

  parse() {
    const scanner = this.#scanner
    const top = this.#top
    const start = scanner.space(0)
    if (this.#body[start] !== BRACE_OPEN)
      throw this.#invalid("body", 'an object with "records"', start, scanner.value(start))
    let found = false
    top.enter(start)
    while (top.next()) {
      if (!nameEquals(this.#body, top.nameStart, top.nameEnd, RECORDS))
        throw this.#unknown("", top, '"records"')
      found = true
      // The last of duplicate members counts.
      this.#columns = new RecordColumns()
      top.at = this.#array(top.at)
    }
    const end = scanner.space(top.at)
    if (end < scanner.end) throw new JsonFault(end, "the end of the body")
    if (!found) throw this.#invalid("records", "an array", start, top.at)
    return this.#columns.ranges(this.#values.buffer())
  }

  #array(at: number): number {
    const records = this.#records
    if (this.#body[at] !== BRACKET_OPEN)
      throw this.#invalid("records", "an array", at, this.#scanner.value(at))
    records.enter(at)
    while (records.next()) records.at = this.#record(records.at)
    return records.at
  }

  #record(at: number): number {
    const members = this.#members
    const path = this.#columns.count
    if (this.#body[at] !== BRACE_OPEN)
      throw this.#invalid(`records[${path}]`, "an object", at, this.#scanner.value(at))
    this.#starts.fill(-1)
    members.enter(at)
    while (members.next()) {
      const member = this.#member(members)
      if (member < 0) throw this.#unknown(`records[${path}].`, members, MEMBERS.join(", "))
      const end = this.#scanner.value(members.at)
      this.#starts[member] = members.at
      this.#ends[member] = end
      members.at = end
    }
    this.#add(at, members.at)
    return members.at
  }

  #member(members: JsonStepper): number {
    for (let i = 0; i < MEMBER_NAMES.length; i++)
      if (nameEquals(this.#body, members.nameStart, members.nameEnd, MEMBER_NAMES[i]!)) return i
    return -1
  }

  #add(at: number, end: number): void {
    const values = this.#values
    const starts = this.#starts
    const ends = this.#ends
    const key = starts[0]!
    const value = starts[1]!
    if (value < 0) throw this.#invalid(this.#path("value"), "a value, or null", at, end)
    if (key >= 0 && !values.text(key, ends[0]!)) throw this.#fault("key", key, ends[0]!)
    const keyStart = key < 0 ? -1 : values.start
    const keyEnd = key < 0 ? -1 : values.end
    if (!values.value(value, ends[1]!)) throw this.#fault("value", value, ends[1]!)
    const { start: valueStart, end: valueEnd } = values
    this.#columns.add(
      keyStart,
      keyEnd,
      valueStart,
      valueEnd,
      this.#partition(starts[2]!, ends[2]!),
      this.#integer("timestamp", starts[3]!, ends[3]!, Number.MAX_SAFE_INTEGER, Number.NaN),
      starts[4]! < 0 ? undefined : this.#headers(starts[4]!, ends[4]!),
    )
  }

  #partition(start: number, end: number): number {
    const partition = this.#integer("partition", start, end, PARTITION_MAX, -1)
    const { partition: fixed } = this.#target
    if (partition >= 0 && fixed !== undefined && partition !== fixed)
      throw this.#invalid(this.#path("partition"), `${fixed}, the path's`, start, end)
    return partition
  }

  #integer(member: Member, start: number, end: number, max: number, absent: number): number {
    if (start < 0 || this.#values.isNull(start)) return absent
    const value = this.#values.integer(start, end)
    if (Number.isNaN(value) || value > max)
      throw this.#invalid(this.#path(member), `an integer from 0 to ${max}`, start, end)
    return value
  }

  #headers(start: number, end: number): RecordHeader[] | undefined {
    if (this.#values.isNull(start)) return undefined
    const path = this.#path("headers")
    if (this.#body[start] !== BRACKET_OPEN) throw this.#invalid(path, "an array", start, end)
    const elements = new JsonStepper(this.#scanner)
    const headers: RecordHeader[] = []
    elements.enter(start)
    while (elements.next()) {
      const next = this.#scanner.value(elements.at)
      headers.push(this.#header(`${path}[${headers.length}]`, elements.at, next))
      elements.at = next
    }
    return headers.length === 0 ? undefined : headers
  }

  #header(path: string, start: number, end: number): RecordHeader {
    const body = this.#body
    if (body[start] !== BRACE_OPEN) throw this.#invalid(path, "an object", start, end)
    const members = new JsonStepper(this.#scanner)
    let key: string | undefined
    let value: Uint8Array | null | undefined
    members.enter(start)
    while (members.next()) {
      const name = nameText(body, members.nameStart, members.nameEnd)
      const next = this.#scanner.value(members.at)
      if (name === "name" || name === "key") {
        key = this.#values.name(members.at, next)
        if (key === undefined) throw this.#invalid(`${path}.${name}`, "a string", members.at, next)
      } else if (name === "value") {
        if (!this.#values.text(members.at, next))
          throw this.#invalid(`${path}.value`, this.#values.expected, members.at, next)
        value = this.#values.copy()
      } else throw this.#unknown(`${path}.`, members, "name, value")
      members.at = next
    }
    if (key === undefined) throw this.#invalid(`${path}.name`, "a string", start, end)
    if (value === undefined) throw this.#invalid(`${path}.value`, "a value, or null", start, end)
    return { key, value }
  }

  #path(member: Member): string {
    return `records[${this.#columns.count}].${member}`
  }

  #fault(member: Member, start: number, end: number): LogError {
    return this.#invalid(this.#path(member), this.#values.expected, start, end)
  }

  #unknown(prefix: string, members: JsonStepper, expected: string): LogError {
    const path = `${prefix}${nameText(this.#body, members.nameStart, members.nameEnd)}`
    return new LogError("invalid_record", `${path}: unknown member, expected only ${expected}`, {
      detail: { path },
    })
  }

  #invalid(path: string, expected: string, start: number, end: number): LogError {
    const found = excerpt(this.#body, start, end)
    return new LogError("invalid_record", `${path}: expected ${expected}, found ${found}`, {
      detail: { path },
    })
  }
}
