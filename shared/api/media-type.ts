/** The media types that the API speaks. */
export const mediaTypes = {
  json: "application/json",
  kafka: "application/vnd.kafka.v2+json",
  kafkaJson: "application/vnd.kafka.json.v2+json",
  kafkaBinary: "application/vnd.kafka.binary.v2+json",
  ndjson: "application/x-ndjson",
  csv: "text/csv",
  cloudEvent: "application/cloudevents+json",
  cloudEvents: "application/cloudevents-batch+json",
  arrow: "application/vnd.apache.arrow.stream",
  batches: "application/vnd.millrace.batches",
  framed: "application/vnd.millrace.framed",
  text: "text/plain; charset=utf-8",
} as const

/** A media type without parameters, in lower case; empty when there is none. */
export function essence(contentType: string | undefined): string {
  if (contentType === undefined) return ""
  const end = contentType.indexOf(";")
  return (end < 0 ? contentType : contentType.slice(0, end)).trim().toLowerCase()
}

interface AcceptRange {
  readonly type: string
  readonly quality: number
}

function acceptRanges(accept: string): AcceptRange[] {
  return accept
    .split(",")
    .map(part => {
      const quality = /;\s*q=([01](?:\.\d{0,3})?)/i.exec(part)
      return { type: essence(part), quality: quality === null ? 1 : Number(quality[1]) }
    })
    .filter(range => range.quality > 0)
    .sort((a, b) => b.quality - a.quality)
}

/**
 * The offer that `Accept` likes best (RFC 9110 §12.5.1), the first offer where it does not care, undefined where it
 * accepts none.
 */
export function negotiate(accept: string | undefined, offers: readonly string[]): string | undefined {
  if (accept === undefined || accept.trim() === "") return offers[0]
  for (const { type } of acceptRanges(accept)) {
    if (type === "*/*" || type === "application/*") return offers[0]
    if (offers.includes(type)) return type
  }
  return undefined
}
