import { LogError } from "../errors.ts"
import { JsonFault } from "./json-scanner.ts"
import { isUtf8 } from "./native.ts"

/** Runs a scan of `body` and turns its fault, or one of UTF-8 that comes before it, into `malformed_json`. */
export function withFaults<T>(body: Uint8Array, scan: () => T): T {
  const invalid = isUtf8(body) ? -1 : firstInvalidUtf8(body)
  let fault: JsonFault | undefined
  try {
    const result = scan()
    if (invalid < 0) return result
  } catch (cause) {
    if (!(cause instanceof JsonFault)) throw cause
    fault = cause
  }
  if (fault === undefined || (invalid >= 0 && invalid < fault.at)) throw malformedJson(body, invalid, "UTF-8")
  throw malformedJson(body, fault.at, fault.expected)
}

/** The first byte that no UTF-8 text has at its place, by Unicode's table 3-7; −1 where there is none. */
export function firstInvalidUtf8(bytes: Uint8Array): number {
  for (let i = 0; i < bytes.length; ) {
    const lead = bytes[i]!
    const more = lead < 0x80 ? 0 : lead < 0xc2 ? -1 : lead < 0xe0 ? 1 : lead < 0xf0 ? 2 : lead < 0xf5 ? 3 : -1
    if (more < 0) return i
    for (let k = 1; k <= more; k++) {
      const byte = bytes[i + k] ?? 0
      const low = k > 1 ? 0x80 : lead === 0xe0 ? 0xa0 : lead === 0xf0 ? 0x90 : 0x80
      const high = k > 1 ? 0xbf : lead === 0xed ? 0x9f : lead === 0xf4 ? 0x8f : 0xbf
      if (byte < low || byte > high) return i
    }
    i += more + 1
  }
  return -1
}

function foundAt(bytes: Uint8Array, at: number): string {
  if (at >= bytes.length) return "the end of the body"
  const byte = bytes[at]!
  if (byte === 10) return "the end of the line"
  if (byte > 32 && byte < 127) return byte === 34 ? "a quote" : `"${String.fromCharCode(byte)}"`
  return `byte 0x${byte.toString(16).padStart(2, "0")}`
}

/** The 1-based line of the byte at `at`. */
export function lineOf(bytes: Uint8Array, at: number): number {
  let line = 1
  for (let i = bytes.indexOf(10); i >= 0 && i < at; i = bytes.indexOf(10, i + 1)) line++
  return line
}

/** `malformed_json`, with the 1-based line and byte column of the fault. */
function malformedJson(bytes: Uint8Array, at: number, expected: string): LogError {
  const line = lineOf(bytes, at)
  const column = line === 1 ? at + 1 : at - bytes.lastIndexOf(10, at - 1)
  return new LogError(
    "malformed_json",
    `line ${line}, column ${column}: expected ${expected}, found ${foundAt(bytes, at)}`,
    { detail: { line, column } },
  )
}
