import {
  checkAttributes,
  groupRecords,
  instantOf,
  invalidEvent,
  type ParsedRecords,
  RecordColumns,
  type RecordHeader,
  type RecordsTarget,
} from "../log/records/index.ts"
import type { ApiRequest } from "./types.ts"

const PREFIX = "ce-"
const names = (headers: ApiRequest["headers"]) => Object.keys(headers).filter(name => name.startsWith(PREFIX))

/** Whether a request is a CloudEvent in binary mode: its attributes stand in headers. */
export function isBinaryCloudEvent({ headers }: ApiRequest): boolean {
  return names(headers).length > 0
}

/** A header's value as text (HTTP protocol binding, § 3.1.3.2): quotes and percent-encoding are the header's, not the attribute's. */
function textOf(header: string): string {
  const bare = /^".*"$/.test(header) ? header.slice(1, -1).replace(/\\(.)/g, "$1") : header
  return bare.replace(/(?:%[\da-fA-F]{2})+/g, encoded =>
    Buffer.from(encoded.replaceAll("%", ""), "hex").toString("utf8"),
  )
}

function attributesOf({ headers }: ApiRequest): Map<string, string> {
  const attributes = new Map<string, string>()
  for (const name of names(headers)) attributes.set(name.slice(PREFIX.length), textOf(headers[name] ?? ""))
  if (attributes.has("datacontenttype") || attributes.has("data")) {
    const name = attributes.has("data") ? "data" : "datacontenttype"
    const place = name === "data" ? "the body" : "the header content-type"
    throw invalidEvent(`headers.ce-${name}`, `is not known here: it is ${place}`)
  }
  return attributes
}

/**
 * The record of a CloudEvent in binary mode, mapped as in the Kafka protocol binding: the value is the body (none: null), the
 * key the extension `partitionkey`, each attribute a header `ce_…`, and `content-type` the data's.
 * @throws LogError `invalid_record`, naming the header that is wrong
 */
export function binaryCloudEvent(request: ApiRequest, target: RecordsTarget): ParsedRecords {
  const attributes = attributesOf(request)
  checkAttributes(attributes, "headers.ce-")
  const contentType = request.headers["content-type"]
  const headers: RecordHeader[] = [...attributes].map(([name, value]) => ({
    key: `ce_${name}`,
    value: Buffer.from(value),
  }))
  if (contentType !== undefined) headers.push({ key: "content-type", value: Buffer.from(contentType) })
  const { body } = request
  const key = attributes.get("partitionkey")
  const source = key === undefined ? body : Buffer.concat([body, Buffer.from(key)])
  const [keyStart, keyEnd] = key === undefined ? [-1, -1] : [body.length, source.length]
  const [valueStart, valueEnd] = body.length === 0 ? [-1, -1] : [0, body.length]
  const time = attributes.get("time")
  const timestamp = time === undefined ? Number.NaN : Math.max(0, Math.floor(instantOf(time)))
  const columns = new RecordColumns()
  columns.add(keyStart, keyEnd, valueStart, valueEnd, -1, timestamp, headers)
  return groupRecords(columns.ranges(source), target.partitions, target.partition)
}
