import { type DeathNote, type DeathNotes, NO_DEATHS } from "../../shared/processing/task/deaths.ts"
import type { Item } from "../../shared/storage/meta-store.ts"
import { notAfter } from "../../shared/storage/not-after.ts"
import { readAgain, settlePut } from "../../shared/storage/settle.ts"
import type { Ports } from "../../shared/storage/time.ts"

const LEASE_FORMAT = 1
/** Of a holder that was killed, others wait so long; the tick then finds what it left. */
export const LEASE_MS = 30_000
/** A holder that goes on renews it from here on. */
const RENEW_MS = 15_000

/** A task's lease as it is stored. */
export interface LeaseState {
  /** Store time until which it is held, epoch ms; 0: nobody holds it. */
  readonly until: number
  /** Somebody was woken meanwhile: the holder has to look again. */
  readonly again: boolean
  /** When the message comes that was sent last for a timer, epoch ms; 0: none was. */
  readonly armedAt: number
  /** Of holders that did not let go. */
  readonly deaths: DeathNote
}

/** The key under which all leases of a job lie. */
export function leasesKey(job: string): string {
  return `leases#${job}`
}

export function leaseKey(job: string, task: number): { readonly pk: string; readonly sk: string } {
  return { pk: leasesKey(job), sk: String(task).padStart(5, "0") }
}

/** Throws nothing: a lease of another format counts as expired. */
export function readLease({ fields }: Item): LeaseState {
  if (fields.v !== LEASE_FORMAT) return { until: 0, again: false, armedAt: 0, deaths: NO_DEATHS }
  const { until, again, armedAt, deaths } = fields
  const note = deaths === undefined ? NO_DEATHS : (JSON.parse(String(deaths)) as DeathNote)
  return { until: Number(until), again: again === true, armedAt: Number(armedAt), deaths: note }
}

type Held = Pick<Ports, "meta" | "clock" | "random">

/**
 * Says who works a task. It only saves double work: whoever works without one, or with one that has expired, does no harm.
 * A wake that meets a lease leaves a mark and ends, at one read and at most one write; the holder looks again before it lets go.
 */
export class TaskLease implements DeathNotes {
  readonly #ports: Held
  readonly #key: { readonly pk: string; readonly sk: string }
  #version = ""
  #until = 0
  /** Store time at a moment of the own clock. */
  #asOf = { date: 0, elapsed: 0 }
  /** When the message comes that was sent last for a timer of the task, by whomever, epoch ms. Stored with the next write. */
  armedAt = 0
  /** What is known of holders before that did not let go: they were killed, perhaps by what they worked. */
  note: DeathNote = NO_DEATHS
  /** A mark was found and cleared that nobody was told of yet. */
  #wasWoken = false

  private constructor(ports: Held, job: string, task: number) {
    this.#ports = ports
    this.#key = leaseKey(job, task)
  }

  /** Takes a task's lease; undefined: another has it, and was told to look again. Throws `StorageError`. */
  static async take(ports: Held, job: string, task: number): Promise<TaskLease | undefined> {
    const lease = new TaskLease(ports, job, task)
    for (;;) {
      const { item, date } = await readAgain(ports, () => ports.meta.get("meta", lease.#key))
      const state = item === undefined ? undefined : readLease(item)
      lease.armedAt = state?.armedAt ?? 0
      lease.note = state?.deaths ?? NO_DEATHS
      if (state !== undefined && state.until > date) {
        if (state.again || (await lease.#put(state.until, true, date, item?.version))) return undefined
        continue
      }
      // Whoever had it did not let go: it was killed, or what it called never came back.
      if (state !== undefined && state.until > 0)
        lease.note = { ...lease.note, deaths: lease.note.deaths + 1 }
      if (await lease.#put(date + LEASE_MS, false, date, item?.version)) return lease
    }
  }

  /**
   * Keeps the lease while work goes on; it costs nothing before half of its time is over. True: somebody was woken
   * meanwhile, and what is there is to be looked for anew.
   */
  async keep(): Promise<boolean> {
    if (this.#takeMark()) return true
    if (this.#leftMs() > RENEW_MS) return false
    return !(await this.#settle(() => this.#date() + LEASE_MS))
  }

  /** Lets go. False: somebody was woken meanwhile; the lease goes on, and what is there is to be looked for anew. */
  async release(): Promise<boolean> {
    if (this.#takeMark()) return false
    return this.#settle(wasWoken => (wasWoken ? this.#date() + LEASE_MS : 0))
  }

  take(note: DeathNote): void {
    this.note = note
  }

  async store(note: DeathNote): Promise<void> {
    this.note = note
    if (!(await this.#settle(() => this.#date() + LEASE_MS))) this.#wasWoken = true
  }

  #takeMark(): boolean {
    const wasWoken = this.#wasWoken
    this.#wasWoken = false
    return wasWoken
  }

  /** Writes it over what stands; another holder's is left alone. False: the mark was set, and is now cleared. */
  async #settle(until: (wasWoken: boolean) => number): Promise<boolean> {
    if (await this.#put(until(false), false, this.#date(), this.#version)) return true
    const { item, date } = await readAgain(this.#ports, () => this.#ports.meta.get("meta", this.#key))
    const state = item === undefined ? undefined : readLease(item)
    // Only its own, marked by a wake, still ends when it did.
    if (state === undefined || !state.again || state.until !== this.#until) return true
    await this.#put(until(true), false, date, item?.version)
    return false
  }

  /** Whether it was written; of an unknown outcome the lease's end takes care. */
  async #put(until: number, again: boolean, date: number, version: string | undefined): Promise<boolean> {
    const { meta, clock, random } = this.#ports
    const item: Item = {
      ...this.#key,
      version: random.id(),
      fields: {
        v: LEASE_FORMAT,
        until,
        again,
        armedAt: this.armedAt,
        ...(this.note.deaths === 0 ? {} : { deaths: JSON.stringify(this.note) }),
      },
    }
    const condition = version === undefined ? ({ absent: true } as const) : { version }
    const settled = await settlePut({ meta, clock }, "meta", item, { condition, notAfter: notAfter(date) })
    if (settled.outcome !== "committed") return false
    this.#version = item.version
    this.#until = until
    this.#asOf = { date: settled.date, elapsed: clock.elapsed() }
    return true
  }

  /** Store time now, about. */
  #date(): number {
    return this.#asOf.date + this.#ports.clock.elapsed() - this.#asOf.elapsed
  }

  #leftMs(): number {
    return this.#until - this.#date()
  }
}
