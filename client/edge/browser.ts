import { ClientError } from "../errors.ts"
import { crc32cPlain } from "./crc32c.ts"
import { fetchTransport } from "./fetch-transport.ts"
import { type Codec, type Natives, provide } from "./natives.ts"

const encoder = new TextEncoder()
const decoder = new TextDecoder()

function unsupported(codec: Codec): ClientError {
  return new ClientError(
    "unsupported_codec",
    `${codec}: this platform compresses with gzip alone; produce with compression "gzip" or "none", or read in Node`,
  )
}

async function piped(
  bytes: Uint8Array,
  through: { readable: ReadableStream; writable: WritableStream },
): Promise<Uint8Array> {
  const writer = through.writable.getWriter()
  // Its failure is the reader's too.
  writer.write(bytes).catch(() => undefined)
  writer.close().catch(() => undefined)
  return new Uint8Array(await new Response(through.readable).arrayBuffer())
}

/** What browsers, and other platforms with web standards, have. */
export const browserNatives: Natives = {
  crc32c: crc32cPlain,
  allocate: size => new Uint8Array(size),
  writeText: (bytes, at, text) => encoder.encodeInto(text, bytes.subarray(at)).written,
  readText: (bytes, start, end) => decoder.decode(bytes.subarray(start, end)),
  async compress(codec, bytes) {
    if (codec !== "gzip") throw unsupported(codec)
    return piped(bytes, new CompressionStream("gzip"))
  },
  async decompress(codec, bytes) {
    if (codec !== "gzip") throw unsupported(codec)
    return piped(bytes, new DecompressionStream("gzip"))
  },
  transport: request => fetchTransport((url, init) => fetch(url, init))(request),
}

provide(browserNatives)
