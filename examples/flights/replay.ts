import { readFile } from "node:fs/promises"
import type { Replay } from "millrace"

/** 20,000 domestic flights of the first quarter of 2001, from the package vega-datasets, one record each. */
const DATA = new URL("../data/flights-20k.json", import.meta.resolve("vega-datasets"))

interface Flight {
  readonly date: string
}

/** The flights in the order in which they happened; those of the same minute stay as they are in the file. */
async function flights(): Promise<readonly Flight[]> {
  const unsorted = JSON.parse(await readFile(DATA, "utf8")) as readonly Flight[]
  // The pattern yyyy/MM/dd HH:mm sorts as text.
  return unsorted.toSorted((a, b) => (a.date < b.date ? -1 : a.date > b.date ? 1 : 0))
}

export const replay: Replay = {
  topic: "flights",
  count: 20_000,
  durationMs: 30_000,
  async *values(from) {
    const encoder = new TextEncoder()
    for (const flight of (await flights()).slice(from)) yield encoder.encode(JSON.stringify(flight))
  },
}
