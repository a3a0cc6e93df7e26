import { promisify } from "node:util"
import { gzip, zstdCompress } from "node:zlib"
import { crc32c } from "@node-rs/crc32"
import { compress, decompress } from "../../shared/log/records/compression.ts"
import { httpTransport } from "./http-transport.ts"
import { type Natives, provide } from "./natives.ts"

const gzipAsync = promisify(gzip)
const zstdAsync = promisify(zstdCompress)

/** Fast level: the client trades some space for time. */
const GZIP_LEVEL = 1

const { utf8Write, utf8Slice } = Buffer.prototype as unknown as {
  utf8Write(this: Uint8Array, text: string, at: number): number
  utf8Slice(this: Uint8Array, start: number, end: number): string
}

/** What Node has. */
export const nodeNatives: Natives = {
  crc32c: (bytes, from) => crc32c(from === 0 ? bytes : bytes.subarray(from)),
  allocate: size => Buffer.allocUnsafeSlow(size),
  writeText: (bytes, at, text) => utf8Write.call(bytes, text, at),
  readText: (bytes, start, end) => utf8Slice.call(bytes, start, end),
  compress: async (codec, bytes) => {
    // These two have threads of their own to work in.
    if (codec === "gzip") return gzipAsync(bytes, { level: GZIP_LEVEL })
    if (codec === "zstd") return zstdAsync(bytes)
    return compress(codec, bytes)
  },
  decompress: async (codec, bytes) => decompress(codec, bytes),
  transport: httpTransport(),
}

provide(nodeNatives)
