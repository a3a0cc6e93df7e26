import { createJournal } from "../../functions/journal.ts"
import { deadRecordKey } from "../../functions/runtime/dead-letter.ts"
import { deliveriesOf, type KinesisEvent } from "../../functions/runtime/kinesis-event.ts"
import { LogError } from "../../shared/log/errors.ts"
import { deliver } from "../../shared/log/journal/deliver.ts"
import { openLog } from "../../shared/log/open-log.ts"
import type { LogOptions } from "../../shared/log/options.ts"
import { StorageError } from "../../shared/storage/errors.ts"
import type { Journal, JournalDelivery } from "../../shared/storage/journal.ts"
import { type JournalFault, type MemoryJournal, memoryJournal } from "../../shared/storage/memory/journal.ts"
import type { Ports } from "../../shared/storage/time.ts"
import { type EnvironmentPlan, Environments } from "./environments.ts"
import { functionBase } from "./function-base.ts"
import type { LogHistory } from "./log-history.ts"
import type { Prng } from "./prng.ts"
import type { SimProcess } from "./sim-process.ts"
import type { World } from "./world.ts"

const HOUR_MS = 3_600_000
/** The key of records that are no entries, put there by nobody's door. */
const GARBAGE_KEY = "garbage"
const GARBAGE_BYTES = 3
/** Errors that a delivery may end with: all of them pass. */
const PASSING = new Set(["outcome_unknown", "overloaded", "unavailable"])

/** How a journal's records are handed over. */
export interface FeedPlan {
  readonly shards: number
  /** Records of one delivery, at most. */
  readonly recordsMax: number
  /** How often a delivery begins before the first record that is not through. */
  readonly repeatChance: number
  /** How often another one begins while one of the same shard is under way. */
  readonly overlapChance: number
  /** How often two shards come together. */
  readonly togetherChance: number
  readonly pauseMs: number
  /** Records that are no entries. */
  readonly garbage: number
}

export function drawFeedPlan(prng: Prng): FeedPlan {
  return {
    shards: 1 + prng.integer(3),
    recordsMax: prng.pick([1, 3, 10, 40]),
    repeatChance: prng.pick([0, 0.2, 0.5]),
    overlapChance: prng.pick([0, 0.1, 0.5]),
    togetherChance: prng.pick([0, 0.3]),
    pauseMs: prng.magnitude(10, 10_000),
    garbage: prng.pick([0, 0, 3]),
  }
}

interface Shard {
  readonly name: string
  /** Records that a delivery is through with: the next one begins here, or before. */
  through: number
}

interface Home {
  handle(event: KinesisEvent): Promise<unknown>
  idle(): Promise<unknown>
}

/** A journal, and the function that its shards are delivered to: again, in other cuts, twice at once. */
export class JournalFeed {
  readonly journal: MemoryJournal
  readonly environments: Environments<Home>
  deliveries = 0
  /** Entries that deliveries were through with, and what of it was not skipped. */
  readonly total = { delivered: 0, appended: 0, dropped: 0, setAside: 0 }
  readonly #letters = new Set<string>()
  readonly #world: World
  readonly #history: LogHistory
  readonly #plan: FeedPlan
  readonly #prng: Prng
  readonly #shards: readonly Shard[]
  #stopped = false

  constructor(
    world: World,
    history: LogHistory,
    options: Partial<LogOptions>,
    plan: FeedPlan,
    environments: EnvironmentPlan,
  ) {
    this.#world = world
    this.#history = history
    this.#plan = plan
    this.#prng = world.prng.fork("feed")
    const faults = world.prng.fork("journal")
    this.journal = memoryJournal({ shards: plan.shards, fault: async () => this.#fault(faults) })
    this.#shards = this.journal.shards.map(name => ({ name, through: 0 }))
    this.environments = new Environments(world, {
      name: "journal",
      plan: environments,
      open: (process, ports) => this.#open(process, ports, options),
      settle: home => home.idle(),
      skewMs: () => 0,
    })
    for (let sent = 0; sent < plan.garbage; sent++) {
      const ms = this.#prng.magnitude(1_000, HOUR_MS)
      world.after(
        ms,
        () => void this.journal.put([{ key: GARBAGE_KEY, data: new Uint8Array(GARBAGE_BYTES).fill(sent) }]),
      )
    }
  }

  /** The function as it is deployed, or with this run's bounds, that are met sooner. */
  #open(process: SimProcess, ports: Ports, options: Partial<LogOptions>): Home {
    const send = (body: string) =>
      this.#world.call(process, "sqs.send", async () => {
        this.#letters.add((JSON.parse(body) as { key: string }).key)
      })
    const count = (name: string, entries: number) => {
      if (name === "JournalAppended") this.total.appended += entries
      if (name === "JournalDropped") this.total.dropped += entries
      if (name === "JournalSetAside") this.total.setAside += entries
    }
    const own = functionBase(ports, { send })
    const base = { ...own, meter: { ...own.meter, count } }
    if (this.#prng.chance(0.3)) return createJournal(base) as Home
    const log = openLog(ports, options)
    const setAside = async ({
      shard,
      sequence,
      data,
    }: {
      shard: string
      sequence: string
      data: Uint8Array
    }) => {
      const key = deadRecordKey(shard, sequence)
      const put = await ports.objects.put(key, data)
      if (put.outcome !== "committed") throw new StorageError("unavailable", key)
      await send(JSON.stringify({ key }))
    }
    return {
      handle: async event => {
        const done = await deliver(log, deliveriesOf(event), { shardPrefix: "stream/", setAside })
        count("JournalAppended", done.appended)
        count("JournalDropped", done.dropped)
        count("JournalSetAside", done.setAside)
      },
      idle: () => log.idle(),
    }
  }

  #fault(prng: Prng): JournalFault | undefined {
    const { throttle, timeoutBefore, timeoutAfter, lateApply, lateMsMax } = this.#world.faults
    if (prng.chance(throttle)) return { kind: "refuse" }
    if (prng.chance(timeoutBefore)) return { kind: "timeout-before" }
    if (prng.chance(timeoutAfter)) return { kind: "timeout-after" }
    if (!prng.chance(lateApply)) return undefined
    const ms = prng.magnitude(1, lateMsMax)
    return { kind: "late", at: new Promise<void>(resolve => this.#world.after(ms, resolve)) }
  }

  /** The journal as a process reaches it. */
  portOf(process: SimProcess): Journal {
    return {
      put: records => this.#world.call(process, "journal.put", () => this.journal.put(records)),
    }
  }

  /** Begins to deliver. */
  start(): void {
    for (const shard of this.#shards) void this.#follow(shard)
  }

  stop(): void {
    this.#stopped = true
    this.environments.release()
  }

  /** Whether everything that the journal has is delivered. */
  get drained(): boolean {
    return this.#shards.every(({ name, through }) => this.journal.read(name, through).length === 0)
  }

  #pause(ms: number): Promise<void> {
    return new Promise(resolve => this.#world.after(ms, resolve))
  }

  async #follow(shard: Shard): Promise<void> {
    for (let pauseMs = this.#plan.pauseMs; !this.#stopped; ) {
      await this.#pause(this.#prng.around(pauseMs))
      const isNew = this.journal.read(shard.name, shard.through, shard.through + 1).length > 0
      pauseMs = isNew ? this.#plan.pauseMs : Math.min(2 * pauseMs, HOUR_MS)
      const delivered = this.#deliverSome(shard)
      const overlaps = this.#prng.chance(this.#plan.overlapChance)
      if (overlaps) await Promise.race([delivered, this.#pause(this.#prng.magnitude(1, HOUR_MS))])
      else await delivered
    }
  }

  /** One delivery, cut as it comes, beginning no later than the first record that is not through. */
  async #deliverSome(shard: Shard): Promise<void> {
    const cuts = [this.#cut(shard)]
    if (this.#prng.chance(this.#plan.togetherChance)) {
      const other = this.#prng.pick(this.#shards)
      if (other !== shard) cuts.push(this.#cut(other))
    }
    const records = cuts.flatMap(cut => cut.records)
    if (records.length === 0) return
    this.deliveries++
    const called = await this.environments.invoke(home => home.handle(eventOf(records)))
    if (called.state === "failed") {
      const { error } = called
      const known = error instanceof LogError || error instanceof StorageError
      if (!known || !PASSING.has(error.code)) {
        this.#history.violated(`a delivery: ${(error as Error).stack}`)
      }
    }
    if (called.state !== "done") return
    for (const { of, to } of cuts) of.through = Math.max(of.through, to)
    this.total.delivered += records.length
  }

  #cut(shard: Shard): { readonly of: Shard; readonly to: number; readonly records: JournalDelivery[] } {
    const { repeatChance, recordsMax } = this.#plan
    const back = this.#prng.chance(repeatChance) ? this.#prng.integer(shard.through + 1) : 0
    const from = shard.through - back
    // What is repeated alone is of no use: half of the time it goes on to what is new.
    const least = this.#prng.chance(0.5) ? back : 0
    const records = this.journal.read(shard.name, from, from + least + 1 + this.#prng.integer(recordsMax))
    return { of: shard, to: from + records.length, records }
  }

  /** Each record that is no entry is set aside, byte by byte, and a letter tells of it. */
  verify(body: (key: string) => Uint8Array | undefined): void {
    for (const shard of this.journal.shards) {
      for (const { position, data } of this.journal.read(shard)) {
        if (data.length > GARBAGE_BYTES) continue
        const key = deadRecordKey(`stream/${shard}`, position.sequence)
        const kept = body(key)
        if (kept === undefined || Buffer.compare(kept, data) !== 0 || !this.#letters.has(key)) {
          this.#history.violated(`${key} is not set aside as it came, and told of`)
        }
      }
    }
  }
}

function eventOf(records: readonly JournalDelivery[]): KinesisEvent {
  return {
    Records: records.map(({ position, data }) => ({
      eventID: `${position.shard}:${position.sequence}`,
      kinesis: { data: Buffer.from(data).toString("base64"), sequenceNumber: position.sequence },
    })),
  }
}
