/** What a Lambda function can run on. */
export type Architecture = "arm64" | "x86_64"
export const ARCHITECTURES: readonly Architecture[] = ["arm64", "x86_64"]

/** Native code lies in layers: `codecs` for whatever touches records, `duckdb` for SQL alone. */
export type Layer = "codecs" | "duckdb"

/** Node's name of an architecture, which packages bear in theirs. */
export const NODE_ARCH: Readonly<Record<Architecture, "arm64" | "x64">> = { arm64: "arm64", x86_64: "x64" }

/** A package whose code is native: bundles load it at run time from a layer. */
export interface NativePackage {
  readonly name: string
  readonly layer: Layer
  /** The package that holds the library for Linux with glibc. */
  readonly platformPackage: (architecture: Architecture) => string
  /** The package of ours that depends on it, where we do not ourselves. */
  readonly dependent?: string
  /** What is loaded at the first call of one of these, since most environments never call any. Default: at the start. */
  readonly lazyExports?: readonly string[]
}

export const NATIVE_PACKAGES: readonly NativePackage[] = [
  {
    name: "@node-rs/crc32",
    layer: "codecs",
    platformPackage: architecture => `@node-rs/crc32-linux-${NODE_ARCH[architecture]}-gnu`,
  },
  {
    name: "snappy",
    layer: "codecs",
    platformPackage: architecture => `@napi-rs/snappy-linux-${NODE_ARCH[architecture]}-gnu`,
    lazyExports: ["compressSync", "uncompressSync"],
  },
  {
    name: "lz4-napi",
    layer: "codecs",
    platformPackage: architecture => `@antoniomuso/lz4-napi-linux-${NODE_ARCH[architecture]}-gnu`,
    lazyExports: ["compressFrameSync"],
  },
  {
    // Its plain JavaScript, @duckdb/node-api, is bundled: 181 files would take a tenth of a second to load.
    name: "@duckdb/node-bindings",
    dependent: "@duckdb/node-api",
    layer: "duckdb",
    platformPackage: architecture => `@duckdb/node-bindings-linux-${NODE_ARCH[architecture]}`,
  },
]
