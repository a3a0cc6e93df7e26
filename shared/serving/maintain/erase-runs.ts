import { notAfter } from "../../storage/not-after.ts"
import type { RunPointer } from "../manifest/manifest.ts"
import { commitManifest, readManifest } from "../manifest/manifest-store.ts"
import { companionKey } from "../segment/segment-key.ts"
import { withoutErased } from "../upsert/erase-images.ts"
import { encodeRun } from "../upsert/run-format.ts"
import type { RunReader } from "../upsert/run-reader.ts"
import type { MaintainPorts } from "./replace-segments.ts"
import { type Found, storeAll } from "./rewrite.ts"

/** Builders write every few seconds at the most, and a write takes a fraction of one. */
const TRIES = 8

/**
 * Rids a key index of the merged rows that open erasures take, run by run; `clean` where there are none. Runs that come
 * meanwhile are without them: whoever wrote one knew the erasures, since his manifest named them. Throws `StorageError`.
 */
export async function eraseRuns(
  ports: MaintainPorts,
  reader: RunReader,
  { table, manifest, date }: Found,
): Promise<"clean" | "erased" | "lost"> {
  if (table.spec.upsert?.mode !== "partial") return "clean"
  const replaced = new Map<string, RunPointer>()
  let until = Number.POSITIVE_INFINITY
  // One after the other: one of ten million keys takes a gigabyte.
  for (const pointer of manifest.runs) {
    const run = await reader.whole(manifest, pointer)
    const left = withoutErased(run, table, manifest)
    if (left === run) continue
    const { body, ...sizes } = encodeRun(left)
    const id = ports.random.id()
    const stored = await storeAll(
      ports,
      [{ key: companionKey(table.id, manifest.partition, "keys", id), body: Buffer.concat(body) }],
      date,
    )
    if (stored === undefined) return "lost"
    until = Math.min(until, stored)
    replaced.set(pointer.id, { ...pointer, ...sizes, id })
  }
  return replaced.size === 0 ? "clean" : await replaceRuns(ports, manifest, replaced, until)
}

/** A run that stands no more was merged by a builder, who left out what this did. */
async function replaceRuns(
  ports: MaintainPorts,
  { tableId, partition }: Found["manifest"],
  replaced: ReadonlyMap<string, RunPointer>,
  until: number,
): Promise<"erased" | "lost"> {
  for (let tries = 0; tries < TRIES; tries++) {
    const { manifest, date } = await readManifest(ports, tableId, partition)
    if (manifest === undefined || manifest.closed) return "lost"
    const runs = manifest.runs.map(run => replaced.get(run.id) ?? run)
    if (runs.every((run, at) => run === manifest.runs[at])) return "erased"
    const to = { ...manifest, runs, version: ports.random.id() }
    if ((await commitManifest(ports, manifest, to, Math.min(notAfter(date), until))) === "committed")
      return "erased"
  }
  return "lost"
}
