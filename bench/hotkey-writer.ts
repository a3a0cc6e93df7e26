import { openLog } from "../shared/log/open-log.ts"
import { createBatchBuilder } from "../shared/log/records/index.ts"
import { diffLedgers, RequestLedger } from "../shared/storage/aws/ledger.ts"
import { type EmulatedAddress, emulatedPorts } from "./emulated.ts"

// A process of `hotkey.bench.ts`: some environments, each with a log of its own, that append to one partition.

export interface Race {
  readonly address: EmulatedAddress
  readonly writers: number
  readonly warmUpMs: number
  readonly runMs: number
  readonly recordsPerRequest: number
  readonly recordBytes: number
  readonly rivalWaitPuts?: number
}

/** Of the run after its warm-up. */
export interface Tally {
  readonly puts: number
  readonly lost: number
  readonly reads: number
  /** Appends answered, by environment. */
  readonly won: readonly number[]
  readonly failed: number
  /** Of each append, ms. */
  readonly times: readonly number[]
}

async function run(race: Race): Promise<Tally> {
  const ledger = new RequestLedger()
  const began = performance.now()
  const counts = { failed: 0, times: [] as number[], won: new Array<number>(race.writers).fill(0) }
  const end = began + race.warmUpMs + race.runMs
  const writers = counts.won.map((_, writer) => write(race, ledger, began, end, counts, writer))
  await new Promise(resolve => setTimeout(resolve, race.warmUpMs))
  const before = ledger.snapshot()
  await new Promise(resolve => setTimeout(resolve, race.runMs))
  const { puts, refused, queries } = diffLedgers(ledger.snapshot(), before).dynamodb
  await Promise.all(writers)
  return { puts, lost: refused, reads: queries, ...counts }
}

async function write(
  race: Race,
  ledger: RequestLedger,
  began: number,
  end: number,
  counts: { failed: number; times: number[]; won: number[] },
  writer: number,
): Promise<void> {
  const { address, rivalWaitPuts } = race
  const ports = emulatedPorts(address, ledger)
  const log = openLog(ports, rivalWaitPuts === undefined ? {} : { rivalWaitPuts })
  const batch = batchOf(race)
  for (let sent = performance.now(); sent < end; sent = performance.now()) {
    const [result] = await log.append({ topic: "hot", parts: [{ partition: 0, batch }] })
    const answered = performance.now()
    if (answered < began + race.warmUpMs || answered > end) continue
    if (result === undefined || "error" in result) {
      counts.failed++
      continue
    }
    counts.times.push(answered - sent)
    counts.won[writer] = (counts.won[writer] ?? 0) + 1
  }
  await log.close()
  await ports.close()
}

function batchOf({ recordsPerRequest, recordBytes }: Race): Uint8Array {
  const builder = createBatchBuilder()
  const value = Buffer.alloc(recordBytes, "x")
  for (let record = 0; record < recordsPerRequest; record++) {
    builder.add(value, -1, -1, 0, value.length, Date.now())
  }
  return builder.finish().bytes
}

process.once("message", async (race: Race) => process.send?.(await run(race)))
process.on("disconnect", () => process.exit())
