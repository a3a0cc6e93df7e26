#!/usr/bin/env node
// Plain JavaScript that even an old Node parses: it either hands over to a new enough Node or says what is wanted.
import * as nodeModule from "node:module"
import { setFlagsFromString } from "node:v8"
import { handOver } from "./node.js"

/** Node 24's; older ones than that were not tried. */
const V8_WITH_FLAG_MIN = 13.6

// Files, syncs and LMDB's commits share these threads; with Node's four, one slow sync holds the others up. The
// threads are made at their first use, which is later than this line.
process.env.UV_THREADPOOL_SIZE ??= "16"

if (!handOver(new URL(import.meta.url).pathname)) {
  // Request bodies and batches live outside V8's heap. Counted apart, as V8 does by default, every few megabytes of
  // them start a full collection: twenty a second under load. Counted with the heap, they are collected with it.
  // An engine that does not know the flag says so on stderr.
  if (Number.parseFloat(process.versions.v8) >= V8_WITH_FLAG_MIN) {
    setFlagsFromString("--external-memory-accounted-in-global-limit")
  }
  // Threads are told by the environment alone.
  const compiled = nodeModule.enableCompileCache?.().directory
  if (compiled !== undefined) process.env.NODE_COMPILE_CACHE ??= compiled
  const { main } = await import("../cli/main.ts")
  await main(process.argv.slice(2))
}
