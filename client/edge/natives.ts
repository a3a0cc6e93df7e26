/** Compression codecs in the order of their numbers in a batch's attributes. */
export const CODECS = ["none", "gzip", "snappy", "lz4", "zstd"] as const
export type Codec = (typeof CODECS)[number]

/** One HTTP request. The body's pieces are sent one after the other. */
export interface WireRequest {
  readonly method: string
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  readonly body?: readonly Uint8Array[]
  readonly signal: AbortSignal
}

export interface WireReply {
  readonly status: number
  header(name: string): string | undefined
  readonly body: Uint8Array
}

/** Carries requests; rejects where there was no whole reply. */
export type Transport = (request: WireRequest) => Promise<WireReply>

/** What a platform gives: all that is not plain TypeScript. */
export interface Natives {
  /** CRC32C (Castagnoli) of `bytes` from `from` on, unsigned. */
  crc32c(bytes: Uint8Array, from: number): number
  /** Bytes that `writeText` and `readText` take, of any content. */
  allocate(size: number): Uint8Array
  /** Writes as much of a text as fits, as UTF-8, and returns how many bytes that took. */
  writeText(bytes: Uint8Array, at: number, text: string): number
  /** UTF-8 as text. @param bytes of any kind */
  readText(bytes: Uint8Array, start: number, end: number): string
  /** Compresses records as Kafka frames them; rejects with `unsupported_codec`. */
  compress(codec: Codec, bytes: Uint8Array): Promise<Uint8Array>
  /** Rejects with `unsupported_codec`, or whatever says that the bytes are damaged. */
  decompress(codec: Codec, bytes: Uint8Array): Promise<Uint8Array>
  readonly transport: Transport
}

let chosen: Natives | undefined

/** The edge's choice: `node.ts` or `browser.ts`, whichever of them is loaded. */
export function provide(natives: Natives): void {
  chosen = natives
}

export function natives(): Natives {
  if (chosen === undefined) throw new Error("no platform: import millrace/client, not a file within it")
  return chosen
}
