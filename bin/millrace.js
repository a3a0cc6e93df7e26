#!/usr/bin/env node
// Plain JavaScript that even an old Node parses: it either hands over to a new enough Node or says what is wanted.
import { handOver } from "./node.js"

if (!handOver(import.meta.filename ?? new URL(import.meta.url).pathname)) {
  const { main } = await import("../cli/main.ts")
  await main(process.argv.slice(2))
}
