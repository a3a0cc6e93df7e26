import { isUtf8 } from "node:buffer"

/** A record as the binary consume format has it: key and value in base64. */
export interface BinaryRecord {
  readonly topic: string
  readonly key: string | null
  readonly value: string | null
  readonly partition: number
  readonly offset: number
  readonly timestamp: number
  readonly headers: readonly object[]
}

const newline = Buffer.from("\n")

function isJson(text: string): boolean {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}

// Raw line breaks stand only between JSON's tokens, where a space means the same.
const onOneLine = (json: string) => json.replace(/[\r\n]+/g, " ")

/** A record's value as one line; what is not JSON is printed as it is, a tombstone as `null`. */
export function valueLine({ value }: BinaryRecord): Buffer {
  if (value === null) return Buffer.from("null\n")
  const bytes = Buffer.from(value, "base64")
  if (!bytes.includes(10) && !bytes.includes(13)) return Buffer.concat([bytes, newline])
  const text = bytes.toString()
  return isUtf8(bytes) && isJson(text) ? Buffer.from(`${onOneLine(text)}\n`) : Buffer.concat([bytes, newline])
}

/** A record as one line of JSON. A value that is JSON keeps its text, any other is a string or, not UTF-8, base64. */
export function recordLine({ key, value, ...rest }: BinaryRecord): Buffer {
  const members: string[] = [`"topic":${JSON.stringify(rest.topic)}`]
  const text = (bytes: Buffer) => (isUtf8(bytes) ? JSON.stringify(bytes.toString()) : undefined)
  const keyBytes = key === null ? null : Buffer.from(key, "base64")
  const keyText = keyBytes === null ? "null" : text(keyBytes)
  members.push(keyText === undefined ? `"key_base64":${JSON.stringify(key)}` : `"key":${keyText}`)
  const bytes = value === null ? null : Buffer.from(value, "base64")
  if (bytes === null) members.push(`"value":null`)
  else if (!isUtf8(bytes)) members.push(`"value_base64":${JSON.stringify(value)}`)
  else if (isJson(bytes.toString())) members.push(`"value":${onOneLine(bytes.toString())}`)
  else members.push(`"value":${text(bytes)}`)
  const { partition, offset, timestamp, headers } = rest
  const tail = JSON.stringify({ partition, offset, timestamp, headers }).slice(1)
  return Buffer.from(`{${members.join(",")},${tail}\n`)
}
