import { openLog } from "../shared/log/open-log.ts"
import { LogKeeper } from "../shared/log/segments/log-keeper.ts"
import { diffLedgers, type Ledger, RequestLedger } from "../shared/storage/aws/ledger.ts"
import type { Ports } from "../shared/storage/time.ts"
import { createStores, emulatedPorts } from "./emulated.ts"
import { batchOf } from "./log-load.ts"
import { ledgerCost, PRICES } from "./prices.ts"

// What becomes of records after a day: their slots are rolled up into segments, a day later deleted. The emulator's day is
// not waited for: the stores' dates are told to be later than they are.

const APPENDS = 60
const HOUR_MS = 3_600_000
/** Past the day after which slots are rolled up; twice that, they are deleted. */
const DAY_AND_MORE_MS = 25 * HOUR_MS

/** What the log's life was seen to ask for, dollars, of appends of one kind. */
export interface LifeShare {
  /** Reads of items for each slot until it is gone: two of its item. */
  readonly perSlotRead: number
  /** Deletion of each slot, for each write unit that it took. */
  readonly perUnitDeleted: number
  /** Gets, for each flush object. */
  readonly perObject: number
  /** Puts, for each segment: itself, its index, the snapshot before it; and the deletion round's own. */
  readonly perSegment: number
}

/** What looking through partitions asks for in which nothing happens. */
export interface RoundShare {
  /** Each hour. */
  readonly look: Ledger
  /** And twice a day beside: flush objects, orphans. */
  readonly chores: Ledger
}

/** The same stores, at another time: what a write may be applied until goes back as much as dates go forward. */
function later({ meta, objects, ...ports }: Ports, byMs: number): Ports {
  const shift = <T extends object>(store: T): T =>
    new Proxy(store, {
      get:
        (target, name) =>
        async (...given: unknown[]) => {
          const args = given.map(one =>
            typeof one === "object" && one !== null && "notAfter" in one
              ? { ...one, notAfter: (one.notAfter as number) - byMs }
              : one,
          )
          const call = (target as Record<string, (...args: unknown[]) => Promise<{ date?: number }>>)[
            String(name)
          ]!
          const answer = await call.apply(target, args)
          return answer?.date === undefined ? answer : { ...answer, date: answer.date + byMs }
        },
    })
  return { ...ports, meta: shift(meta), objects: shift(objects) }
}

/** Rounds of keepers, each at another time: what they ask for. */
function rounds(ports: Ports, ledger: RequestLedger): (byMs: number) => Promise<Ledger> {
  return async byMs => {
    const before = ledger.snapshot()
    const { faults } = await new LogKeeper(later(ports, byMs), { roundEveryMs: 0 }).round()
    if (faults.length > 0) throw faults[0]!.error
    return diffLedgers(ledger.snapshot(), before)
  }
}

/** Looks through partitions that rest: each holds a record, rolled up long ago. */
export async function measureRound(url: string, partitions: number): Promise<RoundShare> {
  const ledger = new RequestLedger()
  const ports = emulatedPorts(await createStores(url), ledger)
  const log = openLog(ports)
  await log.createTopic({ name: "rest", partitions, owner: "http" })
  const batch = batchOf(1, 1_000)
  const parts = Array.from({ length: partitions }, (_, partition) => ({ partition, batch }))
  for (let sent = 0; sent < 2; sent++) await log.append({ topic: "rest", parts })
  const round = rounds(ports, ledger)
  for (const days of [1, 2, 3]) await round(days * DAY_AND_MORE_MS)
  const look = await round(3 * DAY_AND_MORE_MS + HOUR_MS)
  const whole = await round(4 * DAY_AND_MORE_MS)
  await log.close()
  await ports.close()
  return { look, chores: diffLedgers(whole, look) }
}

/** Appends, each a request's worth of its own, and follows them through their life. */
export async function measureLife(
  url: string,
  records: number,
): Promise<{ readonly share: LifeShare; readonly rolled: Ledger; readonly deleted: Ledger }> {
  const address = await createStores(url)
  const ledger = new RequestLedger()
  const ports = emulatedPorts(address, ledger)
  const log = openLog(ports)
  await log.createTopic({ name: "life", partitions: 1, owner: "http" })
  const batch = batchOf(records, 1_000)
  const began = ledger.snapshot()
  for (let sent = 0; sent < APPENDS; sent++) {
    await log.append({ topic: "life", parts: [{ partition: 0, batch }] })
  }
  const appended = diffLedgers(ledger.snapshot(), began)
  const round = rounds(ports, ledger)
  const rolled = await round(DAY_AND_MORE_MS)
  const deleted = await round(2 * DAY_AND_MORE_MS)
  await log.close()
  await ports.close()
  const slots = appended.dynamodb.puts
  const reads = rolled.dynamodb.readUnits + deleted.dynamodb.readUnits
  const puts = ledgerCost(rolled).dynamodb + rolled.s3.puts * PRICES.s3Put
  return {
    share: {
      perSlotRead: (reads * PRICES.dynamoReadUnit) / slots,
      perUnitDeleted: PRICES.dynamoWriteUnit,
      perObject: (Math.max(0, rolled.s3.gets - 1) * PRICES.s3Get) / Math.max(1, appended.s3.puts),
      perSegment: puts - rolled.dynamodb.readUnits * PRICES.dynamoReadUnit,
    },
    rolled,
    deleted,
  }
}
