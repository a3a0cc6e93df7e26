import { fork } from "node:child_process"
import { once } from "node:events"
import { join } from "node:path"
import { openLog } from "../shared/log/open-log.ts"
import { createStores, emulatedPorts, openEmulator } from "./emulated.ts"
import type { Race, Tally } from "./hotkey-writer.ts"

// 32 environments that append to one partition, each one request after the other, through an emulator: with giving way
// to one another, and without.

const WRITERS = 32
/** Several environments share a process: the machine has no 32 cores, and each has a log and connections of its own. */
const PROCESSES = 4
const ROUNDS = 2
const ROUND_MS = Number(process.env.BENCH_ROUND_MS ?? 15_000)
/** From the first append on: until each knows of the others. */
const WARM_UP_MS = 5_000
const RECORDS_PER_REQUEST = 1
const RECORD_BYTES = 1_000
/** The aim: at most half of the puts are lost. */
const LOST_SHARE_MAX = 0.5

interface Figures {
  readonly perSecond: number
  readonly lostShare: number
  /** Puts and queries for each slot that was won. */
  readonly putsEach: number
  readonly readsEach: number
  readonly p50: number
  readonly p99: number
  readonly fewest: number
  readonly most: number
  readonly failed: number
}

async function tally(url: string, rivalWaitPuts: number | undefined): Promise<Figures> {
  const address = await createStores(url)
  const ports = emulatedPorts(address)
  await openLog(ports).createTopic({ name: "hot", partitions: 1, owner: "http" })
  await ports.close()
  const children = Array.from({ length: PROCESSES }, () =>
    fork(join(import.meta.dirname, "hotkey-writer.ts")),
  )
  const race: Race = {
    address,
    writers: WRITERS / PROCESSES,
    warmUpMs: WARM_UP_MS,
    runMs: ROUND_MS,
    recordsPerRequest: RECORDS_PER_REQUEST,
    recordBytes: RECORD_BYTES,
    ...(rivalWaitPuts !== undefined && { rivalWaitPuts }),
  }
  const tallies = await Promise.all(
    children.map(async child => {
      child.send(race)
      const [told] = (await once(child, "message")) as [Tally]
      child.kill()
      return told
    }),
  )
  return figuresOf(tallies)
}

function figuresOf(tallies: readonly Tally[]): Figures {
  const sum = (of: (tally: Tally) => number) => tallies.reduce((total, tally) => total + of(tally), 0)
  const [puts, lost, reads] = [sum(({ puts }) => puts), sum(({ lost }) => lost), sum(({ reads }) => reads)]
  const won = tallies.flatMap(({ won }) => won).sort((a, b) => a - b)
  const times = tallies.flatMap(({ times }) => times).sort((a, b) => a - b)
  const at = (share: number) =>
    times[Math.min(times.length - 1, Math.floor(times.length * share))] ?? Number.NaN
  return {
    perSecond: times.length / (ROUND_MS / 1_000),
    lostShare: lost / puts,
    putsEach: puts / (puts - lost),
    readsEach: reads / (puts - lost),
    p50: at(0.5),
    p99: at(0.99),
    fewest: won[0] ?? 0,
    most: won.at(-1) ?? 0,
    failed: sum(({ failed }) => failed),
  }
}

function line(name: string, figures: Figures): string {
  const { perSecond, lostShare, putsEach, readsEach, p50, p99, fewest, most, failed } = figures
  return [
    name.padEnd(16),
    `${perSecond.toFixed(1).padStart(6)} appends/s`,
    `lost ${(lostShare * 100).toFixed(0).padStart(3)} %`,
    `a slot: ${putsEach.toFixed(1)} puts, ${readsEach.toFixed(1)} reads`,
    `p50 ${p50.toFixed(0)} ms, p99 ${p99.toFixed(0)} ms`,
    `a writer: ${fewest} to ${most}`,
    `failed ${failed}`,
  ].join("   ")
}

const median = (numbers: number[]) => [...numbers].sort((a, b) => a - b)[numbers.length >> 1] as number

const endpoint = await openEmulator()
try {
  console.log(`${WRITERS} writers, one partition, ${endpoint.product}`)
  const ratios: number[] = []
  const shares: number[] = []
  for (let round = 0; round < ROUNDS; round++) {
    const without = await tally(endpoint.url, 0)
    const giving = await tally(endpoint.url, undefined)
    console.log(line("at once again", without))
    console.log(line("giving way", giving))
    ratios.push(giving.perSecond / without.perSecond)
    shares.push(giving.lostShare)
  }
  console.log(`ratio of throughput  ${median(ratios).toFixed(2)}`)
  const worst = Math.max(...shares)
  console.log(`lost at most ${(worst * 100).toFixed(0)} % (aim: ${LOST_SHARE_MAX * 100} %)`)
  if (worst > LOST_SHARE_MAX) process.exitCode = 1
} finally {
  await endpoint.stop()
}
