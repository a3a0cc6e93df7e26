import type { Item, TransactionStep } from "../../storage/meta-store.ts"
import { WRITE_AFTER_READ_MS } from "../../storage/not-after.ts"
import { queryItems } from "../../storage/query-items.ts"
import { readAgain, settlePut, settleTransaction } from "../../storage/settle.ts"
import type { Ports } from "../../storage/time.ts"
import { LogError } from "../errors.ts"
import {
  GROUP_FORMAT,
  GROUP_NAMES_PK,
  GROUP_SK,
  type Group,
  groupItem,
  groupKey,
  groupPk,
  newGroup,
  readGroup,
} from "./group-item.ts"
import { CHANGE_TRIES_MAX, GROUPS_KEPT_MAX } from "./limits.ts"
import { MEMBERS_RANGE, type Member, memberKey, memberOfKey, readMember } from "./member-item.ts"
import { type OffsetRecord, offsetKey, offsetsRange, partitionOfKey, readOffset } from "./offset-item.ts"
import type { PartitionSet, TopicPartition } from "./partition-set.ts"

/** What a read found. */
export interface Read<T> {
  readonly value: T | undefined
  /** Undefined: nothing stands there. */
  readonly version: string | undefined
  /** Store time of the read, epoch ms. */
  readonly date: number
}

export interface MemberRead {
  readonly member: string
  readonly value: Member
  readonly version: string
}

export interface OffsetRead extends TopicPartition {
  readonly value: OffsetRecord | undefined
  readonly version: string | undefined
}

/** What becomes of a group, all or nothing. */
export interface GroupChange<T> {
  readonly group: Group
  /** Beside the group's own. */
  readonly steps: readonly TransactionStep[]
  readonly result: T
  /** Store time after which it must not be applied, epoch ms. */
  readonly notAfter?: number
}

/** Partitions of a topic from which on one query costs less than a get each. */
const QUERY_FROM = 3
const PAUSE_MS_MAX = 500

/** Reads and changes of groups' items. */
export class GroupStore {
  readonly #ports: Ports
  /** Groups as last read: their texts are long, and seldom change. */
  readonly #kept = new Map<string, { readonly version: string; readonly group: Group }>()
  /** Changes of one group wait for each other in this process: they would only lose against each other. */
  readonly #turns = new Map<string, Promise<unknown>>()

  constructor(ports: Ports) {
    this.#ports = ports
  }

  async group(name: string): Promise<Read<Group>> {
    const { item, date } = await this.#get(groupKey(name))
    return { value: item && this.#read(name, item), version: item?.version, date }
  }

  #read(name: string, item: Item): Group {
    const kept = this.#kept.get(name)
    if (kept?.version === item.version) return kept.group
    const group = readGroup(item)
    if (this.#kept.size >= GROUPS_KEPT_MAX) this.#kept.clear()
    this.#kept.set(name, { version: item.version, group })
    return group
  }

  async member(group: string, member: string): Promise<Read<Member>> {
    const { item, date } = await this.#get(memberKey(group, member))
    return { value: item && readMember(item), version: item?.version, date }
  }

  /** The group and all its members, by one query: not of one moment where it takes several pages. */
  async everything(name: string): Promise<Read<Group> & { readonly members: readonly MemberRead[] }> {
    const range = { pk: groupPk(name), from: GROUP_SK, to: MEMBERS_RANGE.to }
    const { items, date } = await readAgain(this.#ports, () => queryItems(this.#ports.meta, "meta", range))
    const item = items.find(({ sk }) => sk === GROUP_SK)
    const members = items
      .filter(({ sk }) => sk !== GROUP_SK)
      .map(found => ({ member: memberOfKey(found), value: readMember(found), version: found.version }))
    return { value: item && this.#read(name, item), version: item?.version, date, members }
  }

  async offset(group: string, at: TopicPartition): Promise<OffsetRead & { readonly date: number }> {
    const { item, date } = await this.#get(offsetKey(group, at))
    return { ...at, value: item && readOffset(item), version: item?.version, date }
  }

  /** Each partition's, in the set's order: one query for a topic, or a get each for a few. */
  async offsets(group: string, set: PartitionSet): Promise<{ offsets: OffsetRead[]; date: number }> {
    const reads = await Promise.all(
      [...set].map(([topicId, partitions]) => this.#topicOffsets(group, topicId, partitions)),
    )
    const date = Math.min(...reads.map(read => read.date))
    return { offsets: reads.flatMap(read => read.offsets), date }
  }

  async #topicOffsets(
    group: string,
    topicId: string,
    partitions: readonly number[],
  ): Promise<{ offsets: OffsetRead[]; date: number }> {
    const at = partitions.map(partition => ({ topicId, partition }))
    if (at.length < QUERY_FROM) {
      const offsets = await Promise.all(at.map(each => this.offset(group, each)))
      return { offsets, date: Math.min(...offsets.map(({ date }) => date)) }
    }
    const range = offsetsRange(topicId, partitions[0], partitions.at(-1))
    const { items, date } = await this.#offsetItems(group, range)
    const found = new Map(items.map(item => [partitionOfKey(item).partition, item]))
    const offsets = at.map(each => {
      const item = found.get(each.partition)
      return { ...each, value: item && readOffset(item), version: item?.version }
    })
    return { offsets, date }
  }

  /** All that stand, of one topic or of all. */
  async standingOffsets(
    group: string,
    topicId?: string,
  ): Promise<{
    offsets: (TopicPartition & { readonly value: OffsetRecord; readonly version: string })[]
    date: number
  }> {
    const { items, date } = await this.#offsetItems(group, offsetsRange(topicId))
    const offsets = items.map(item => ({
      ...partitionOfKey(item),
      value: readOffset(item),
      version: item.version,
    }))
    return { offsets, date }
  }

  #offsetItems(group: string, range: { from: string; to: string }): Promise<{ items: Item[]; date: number }> {
    const query = { pk: groupPk(group), ...range }
    return readAgain(this.#ports, () => queryItems(this.#ports.meta, "meta", query))
  }

  async names(after?: string, limit?: number): Promise<{ names: string[]; date: number }> {
    const from = after === undefined ? {} : { from: `${after}\0` }
    const query = { pk: GROUP_NAMES_PK, ...from, ...(limit === undefined ? {} : { limit }) }
    const { items, date } = await readAgain(this.#ports, () => queryItems(this.#ports.meta, "meta", query))
    return { names: items.map(({ sk }) => sk), date }
  }

  /**
   * Changes a group on condition that it is as `work` saw it; a lost change is worked out anew. `work` gives undefined
   * where there is nothing to change, and so does this. A group that is not there is made. Throws `outcome_unknown`, `overloaded`.
   */
  change<T>(
    name: string,
    work: (read: Read<Group>) => Promise<GroupChange<T> | undefined>,
  ): Promise<T | undefined> {
    const turn = (this.#turns.get(name) ?? Promise.resolve())
      .catch(() => undefined)
      .then(() => this.#change(name, work))
    this.#turns.set(name, turn)
    const done = () => {
      if (this.#turns.get(name) === turn) this.#turns.delete(name)
    }
    turn.then(done, done)
    return turn
  }

  async #change<T>(
    name: string,
    work: (read: Read<Group>) => Promise<GroupChange<T> | undefined>,
  ): Promise<T | undefined> {
    for (let tries = 0; tries < CHANGE_TRIES_MAX; tries++) {
      if (tries > 0) await this.pause(tries)
      const read = await this.group(name)
      const change = await work(read)
      if (change === undefined) return undefined
      const outcome = await this.#write(name, read, change)
      if (outcome === "committed") return change.result
      if (outcome === "unknown") {
        throw new LogError("outcome_unknown", `group ${name} may or may not be changed`)
      }
    }
    throw new LogError("overloaded", `group ${name}: too many change it at once; try again shortly`)
  }

  async #write<T>(name: string, read: Read<Group>, change: GroupChange<T>): Promise<string> {
    const { random } = this.#ports
    const item = groupItem(name, change.group, random.id())
    const condition = read.version === undefined ? ({ absent: true } as const) : { version: read.version }
    const notAfter = Math.min(read.date + WRITE_AFTER_READ_MS, change.notAfter ?? Number.POSITIVE_INFINITY)
    const steps: TransactionStep[] = [{ kind: "put", table: "meta", item, condition }, ...change.steps]
    if (read.version === undefined) {
      const listed = { pk: GROUP_NAMES_PK, sk: name, version: random.id(), fields: { v: GROUP_FORMAT } }
      steps.push({ kind: "put", table: "meta", item: listed })
    }
    const settled =
      steps.length === 1
        ? await settlePut(this.#ports, "meta", item, { condition, notAfter })
        : await settleTransaction(
            this.#ports,
            steps,
            { table: "meta", item },
            { notAfter, token: random.id() },
          )
    if (settled.outcome === "committed") {
      this.#kept.set(name, { version: item.version, group: change.group })
    }
    return settled.outcome
  }

  /** Sees to it that a group is there, and is not being deleted. */
  async ensure(name: string): Promise<void> {
    await this.change(name, async ({ value, date }) => {
      if (value !== undefined && value.closing === undefined) return undefined
      return { group: { ...(value ?? newGroup(date)), closing: undefined }, steps: [], result: undefined }
    })
  }

  /** Forgets a group, on condition of its version. */
  async forget(name: string, version: string, date: number): Promise<"committed" | "refused" | "unknown"> {
    const steps: TransactionStep[] = [
      { kind: "delete", table: "meta", key: groupKey(name), condition: { version } },
      { kind: "delete", table: "meta", key: { pk: GROUP_NAMES_PK, sk: name } },
    ]
    const options = { notAfter: date + WRITE_AFTER_READ_MS, token: this.#ports.random.id() }
    return (await this.#ports.meta.transact(steps, options)).outcome
  }

  pause(tries: number): Promise<void> {
    const most = Math.min(PAUSE_MS_MAX, 5 * 2 ** Math.min(tries, 10))
    return this.#ports.clock.sleep(1 + this.#ports.random.integer(most))
  }

  #get(key: { pk: string; sk: string }): Promise<{ item: Item | undefined; date: number }> {
    return readAgain(this.#ports, () => this.#ports.meta.get("meta", key))
  }
}
