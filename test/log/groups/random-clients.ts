import { LogError } from "../../../shared/log/errors.ts"
import type { Heartbeat, HeartbeatReply } from "../../../shared/log/groups/types.ts"
import { StorageError } from "../../../shared/storage/errors.ts"
import { Consumer, splitKey } from "./consumer.ts"
import type { RandomWorld } from "./random-world.ts"

const REQUEST_MS_MAX = 10_000

/** What was committed, by whom, and what was answered. */
export class Commits {
  #last = 0
  readonly by = new Map<number, string>()
  /** The greatest offset that was acknowledged, by partition. */
  readonly acknowledged = new Map<string, number>()

  next(member: string): number {
    this.by.set(++this.#last, member)
    return this.#last
  }

  acknowledge(key: string, offset: number): void {
    this.acknowledged.set(key, Math.max(offset, this.acknowledged.get(key) ?? 0))
  }
}

/** A member that does what members do, and what befalls them. */
export class RandomClient extends Consumer {
  readonly #world: RandomWorld
  readonly #commits: Commits
  /** It keeps what it is told to give up. */
  stubborn = false
  state: "alive" | "crashed" | "left" | "replaced" = "alive"
  readonly wrong: string[] = []

  constructor(world: RandomWorld, commits: Commits, member: string, wish: Partial<Heartbeat>) {
    super(world.steady.groups, member, wish)
    this.#world = world
    this.#commits = commits
  }

  async live(until: number): Promise<void> {
    const world = this.#world
    while (world.date < until && this.state === "alive") {
      if (world.chance(25)) this.state = "crashed"
      else if (world.chance(30)) await this.#leave()
      else if (this.epoch > 0 && world.chance(3)) await this.#commitSome()
      else await this.tell()
      if (world.chance(12)) this.stubborn = !this.stubborn
      await world.sleep(1 + world.prng.integer(Math.max(this.interval, 1_000)))
    }
  }

  /** A heartbeat, whatever comes of it. */
  async tell(): Promise<void> {
    const before = new Map(this.#commits.acknowledged)
    this.groups = this.#world.process().groups
    const sent = this.send().catch(error => this.#failed(error))
    // The same request sent twice, by a client that gave up waiting or a layer between.
    if (this.#world.faulty && this.#world.chance(15)) {
      this.groups = this.#world.process().groups
      void this.send().catch(() => undefined)
    }
    const late = this.#world.sleep(REQUEST_MS_MAX).then(() => undefined)
    const reply = await Promise.race([sent, late])
    if (reply === undefined || (this.#world.faulty && this.#world.chance(15))) return
    this.#hear(reply, before)
  }

  #hear(reply: HeartbeatReply, before: ReadonlyMap<string, number>): void {
    const owned = this.owned
    this.take(reply)
    for (const [key, offset] of this.owned) {
      const least = before.get(key)
      if (!owned.has(key) && least !== undefined && (offset ?? 0) < least) {
        this.wrong.push(`${this.member} begins ${key} at ${offset}, after ${least} was committed`)
      }
    }
    if (this.stubborn) for (const [key, offset] of owned) this.owned.set(key, offset)
  }

  #failed(error: unknown): undefined {
    if (error instanceof StorageError && error.retryable) return undefined
    const code = error instanceof LogError ? error.code : undefined
    if (code === "outcome_unknown" || code === "overloaded") return undefined
    if (code === "fenced_member") this.state = "replaced"
    else if (code !== "unknown_member") this.wrong.push(String(error))
    this.owned = new Map()
    this.epoch = 0
    this.stubborn = false
    return undefined
  }

  async #commitSome(): Promise<void> {
    const keys = [...this.owned.keys()].filter(() => this.#world.chance(2))
    const commits = keys.map(key => ({ key, offset: this.#commits.next(this.member) }))
    this.groups = this.#world.process().groups
    const offsets = commits.map(({ key, offset }) => ({ ...splitKey(key), topic: "events", offset }))
    const results = await this.groups.commit(this.group, offsets, this.stamp).catch(() => [])
    for (const [index, { error }] of results.entries()) {
      const { key, offset } = commits[index]
      if (error === undefined) this.#commits.acknowledge(key, offset)
      // A partition that is another's is left out.
      else if (error.code === "fenced_member") this.owned.delete(key)
    }
  }

  async #leave(): Promise<void> {
    this.groups = this.#world.process().groups
    this.state = "left"
    this.owned = new Map()
    await this.leave().catch(() => undefined)
  }
}
