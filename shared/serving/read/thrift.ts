import { StorageError } from "../../storage/errors.ts"

// Thrift's compact protocol, as Parquet uses it for footers and page headers, without knowing what the fields mean:
// what is read and written again has the same bytes.
// https://github.com/apache/thrift/blob/master/doc/specs/thrift-compact-protocol.md

const TRUE = 1
const FALSE = 2
const BYTE = 3
const I16 = 4
const I32 = 5
const I64 = 6
const DOUBLE = 7
const BINARY = 8
const LIST = 9
const SET = 10
const STRUCT = 12

export const THRIFT = { TRUE, FALSE, BYTE, I16, I32, I64, DOUBLE, BINARY, LIST, STRUCT } as const

/** A list keeps its elements' type, also when it is empty. Booleans in lists are bytes. */
export interface ThriftList {
  readonly of: number
  readonly items: readonly ThriftValue[]
}

/** Integers are numbers: what footers hold of them are counts and places, all below 2^53. */
export type ThriftValue = boolean | number | Uint8Array | ThriftList | ThriftStruct

export interface ThriftField {
  readonly id: number
  readonly type: number
  readonly value: ThriftValue
}

/** Fields in the order in which they stand. */
export type ThriftStruct = readonly ThriftField[]

/** Deeper than any footer; a damaged one must not exhaust the stack. */
const DEPTH_MAX = 32

function damaged(what: string): StorageError {
  return new StorageError("corrupt", `expected a Parquet structure, got ${what}`)
}

/** Reads structures one after the other. */
export class ThriftReader {
  readonly bytes: Uint8Array
  readonly #view: DataView
  /** Where the next structure begins. */
  at: number

  constructor(bytes: Uint8Array, at = 0) {
    this.bytes = bytes
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    this.at = at
  }

  #byte(): number {
    const byte = this.bytes[this.at++]
    if (byte === undefined) throw damaged("its end too early")
    return byte
  }

  #varint(): number {
    let value = 0
    let factor = 1
    for (;;) {
      const byte = this.#byte()
      value += (byte & 0x7f) * factor
      if (byte < 0x80) break
      factor *= 128
    }
    if (value > Number.MAX_SAFE_INTEGER) throw damaged("an integer above 2^53")
    return value
  }

  #zigzag(): number {
    const value = this.#varint()
    return value % 2 === 0 ? value / 2 : -(value + 1) / 2
  }

  #binary(): Uint8Array {
    const length = this.#varint()
    const start = this.at
    this.at += length
    if (this.at > this.bytes.length) throw damaged("a text beyond its end")
    return this.bytes.subarray(start, this.at)
  }

  #list(depth: number): ThriftList {
    const head = this.#byte()
    const of = head & 15
    const count = head >> 4 === 15 ? this.#varint() : head >> 4
    if (count > this.bytes.length - this.at) throw damaged("a list beyond its end")
    const items: ThriftValue[] = []
    for (let index = 0; index < count; index++) {
      // Whoever wrote a list of booleans may have said 0 or 2 for false: the byte is kept.
      items.push(of === TRUE || of === FALSE ? this.#byte() : this.#value(of, depth))
    }
    return { of, items }
  }

  #value(type: number, depth: number): ThriftValue {
    switch (type) {
      case TRUE:
        return true
      case FALSE:
        return false
      case BYTE:
        return this.#byte()
      case I16:
      case I32:
      case I64:
        return this.#zigzag()
      case DOUBLE: {
        this.at += 8
        if (this.at > this.bytes.length) throw damaged("a number beyond its end")
        return this.#view.getFloat64(this.at - 8, true)
      }
      case BINARY:
        return this.#binary()
      case LIST:
      case SET:
        return this.#list(depth)
      case STRUCT:
        return this.struct(depth + 1)
      default:
        throw damaged(`a field of type ${type}`)
    }
  }

  /** The structure at `at`. Throws `StorageError` (`corrupt`). */
  struct(depth = 0): ThriftStruct {
    if (depth > DEPTH_MAX) throw damaged("structures nested too deeply")
    const fields: ThriftField[] = []
    let id = 0
    for (;;) {
      const head = this.#byte()
      if (head === 0) return fields
      const type = head & 15
      id = head >> 4 === 0 ? this.#zigzag() : id + (head >> 4)
      fields.push({ id, type, value: this.#value(type, depth) })
    }
  }
}

/** Collects bytes; what it holds doubles as it fills. */
class ByteSink {
  #bytes = new Uint8Array(1_024)
  #length = 0

  #room(more: number): void {
    if (this.#length + more <= this.#bytes.length) return
    const larger = new Uint8Array(Math.max(this.#bytes.length * 2, this.#length + more))
    larger.set(this.#bytes.subarray(0, this.#length))
    this.#bytes = larger
  }

  byte(value: number): void {
    this.#room(1)
    this.#bytes[this.#length++] = value
  }

  varint(value: number): void {
    let rest = value
    while (rest >= 128) {
      this.byte((rest % 128) | 128)
      rest = Math.floor(rest / 128)
    }
    this.byte(rest)
  }

  zigzag(value: number): void {
    this.varint(value < 0 ? -2 * value - 1 : 2 * value)
  }

  append(bytes: Uint8Array): void {
    this.#room(bytes.length)
    this.#bytes.set(bytes, this.#length)
    this.#length += bytes.length
  }

  done(): Uint8Array {
    return this.#bytes.slice(0, this.#length)
  }
}

function writeList(sink: ByteSink, { of, items }: ThriftList): void {
  if (items.length < 15) sink.byte((items.length << 4) | of)
  else {
    sink.byte(0xf0 | of)
    sink.varint(items.length)
  }
  for (const item of items) {
    if (of === TRUE || of === FALSE) sink.byte(item as number)
    else writeValue(sink, of, item)
  }
}

function writeValue(sink: ByteSink, type: number, value: ThriftValue): void {
  if (type === TRUE || type === FALSE) return
  if (type === BYTE) sink.byte(value as number)
  else if (type === DOUBLE) sink.append(new Uint8Array(new Float64Array([value as number]).buffer))
  else if (type === LIST || type === SET) writeList(sink, value as ThriftList)
  else if (type === STRUCT) writeStruct(sink, value as ThriftStruct)
  else if (type === BINARY) {
    sink.varint((value as Uint8Array).length)
    sink.append(value as Uint8Array)
  } else sink.zigzag(value as number)
}

function writeStruct(sink: ByteSink, fields: ThriftStruct): void {
  let last = 0
  for (const { id, type, value } of fields) {
    if (id > last && id - last < 16) sink.byte(((id - last) << 4) | type)
    else {
      sink.byte(type)
      sink.zigzag(id)
    }
    last = id
    writeValue(sink, type, value)
  }
  sink.byte(0)
}

/** The structure's bytes. */
export function encodeThrift(fields: ThriftStruct): Uint8Array {
  const sink = new ByteSink()
  writeStruct(sink, fields)
  return sink.done()
}

export function fieldOf(fields: ThriftStruct, id: number): ThriftValue | undefined {
  return fields.find(field => field.id === id)?.value
}

/** An integer field; `missing` where it is absent. */
export function integerOf(fields: ThriftStruct, id: number, missing = 0): number {
  const value = fieldOf(fields, id)
  return typeof value === "number" ? value : missing
}

export function bytesOf(fields: ThriftStruct, id: number): Uint8Array | undefined {
  const value = fieldOf(fields, id)
  return value instanceof Uint8Array ? value : undefined
}

export function structOf(fields: ThriftStruct, id: number): ThriftStruct | undefined {
  const value = fieldOf(fields, id)
  return Array.isArray(value) ? (value as ThriftStruct) : undefined
}

export function structsOf(fields: ThriftStruct, id: number): readonly ThriftStruct[] {
  const value = fieldOf(fields, id) as ThriftList | undefined
  return value?.of === STRUCT ? (value.items as readonly ThriftStruct[]) : []
}

/** The structure with one field changed, or added where its number puts it. */
export function withField(fields: ThriftStruct, changed: ThriftField): ThriftStruct {
  const others = fields.filter(({ id }) => id !== changed.id)
  return [...others, changed].sort((a, b) => a.id - b.id)
}
