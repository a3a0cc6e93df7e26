import { startHttpServer } from "../../shared/embedded/http-server.ts"
import { openPlatform } from "../../shared/embedded/platform.ts"
import type { RecordSource } from "../../shared/log/types.ts"
import { indexedSpec, load, PARTITIONS, rollupSpec, spec } from "./load.ts"
import { numbersOf, rowAt } from "./rows.ts"

// The embedded server over a table of SSB's rows: `server.ts <folder> <sorted|inverted|rollups> <rows>`. Tells its port and what
// the table took; on `{ tail }` appends as many rows to the log, which stay there: nothing is built.

const TAIL_SEED = 77
/** Rows of an append. */
const APPEND_ROWS = 1_250

const [folder = "", kind = "sorted", rows = "2000000"] = process.argv.slice(2)
const platform = await openPlatform({ data: folder, report: line => console.error(line), builds: false })

function recordsOf(values: readonly (Uint8Array | undefined)[]): RecordSource {
  return {
    count: values.length,
    bytesMax: values.reduce((sum, value) => sum + (value?.length ?? 0) + 64, 1_024),
    write(builder, from, to, timestamp) {
      for (const value of values.slice(from, to)) {
        const bytes = value ?? new Uint8Array(0)
        builder.add(
          bytes,
          -1,
          -1,
          value === undefined ? -1 : 0,
          value === undefined ? -1 : bytes.length,
          timestamp,
        )
      }
    },
  }
}

async function append(partition: number, values: readonly (Uint8Array | undefined)[]): Promise<void> {
  await platform.log.append({
    topic: spec.topic,
    parts: [{ partition, records: recordsOf(values) }],
  } as never)
}

/** Spread over the partitions, and over all dates as the stored rows are. */
async function appendTail(count: number): Promise<void> {
  const numbers = numbersOf(TAIL_SEED)
  const values = Array.from({ length: count }, (_, at) =>
    Buffer.from(JSON.stringify(rowAt(numbers, at, count))),
  )
  for (let at = 0; at < count; at += APPEND_ROWS) {
    await append((at / APPEND_ROWS) % PARTITIONS, values.slice(at, at + APPEND_ROWS))
  }
}

const definition = { sorted: spec, inverted: indexedSpec, rollups: rollupSpec }[kind] ?? spec
const loaded = await load(platform, definition, Number(rows))
// What the segments stand for in the log.
for (let partition = 0; partition < PARTITIONS; partition++) await append(partition, [undefined])
const server = await startHttpServer({ api: platform.api, host: "127.0.0.1", port: 0 })
process.on("message", async ({ tail }: { tail: number }) => {
  await appendTail(tail)
  process.send?.({ tail })
})
process.on("disconnect", () => process.exit())
// The folder is thrown away: nothing has to be closed in order.
process.on("SIGTERM", () => process.exit())
process.send?.({ port: server.port, ...loaded })
