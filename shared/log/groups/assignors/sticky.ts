import { type AssignedMember, type AssignedTopic, subscribersOf } from "./types.ts"

/**
 * Moves as few partitions as an even outcome allows: a member keeps what it had, what nobody has goes to who has the fewest,
 * and then partitions move from who has most to who has fewest, as long as two differ by two or more and the one can
 * take one of the other's. Topics are not spread one by one, as `uniform` does.
 * Source: the aims of Kafka's `StickyAssignor` (KIP-54).
 */
export function assignSticky(
  members: readonly AssignedMember[],
  topics: readonly AssignedTopic[],
): readonly ReadonlyMap<string, readonly number[]>[] {
  const shares = new Shares(members, topics)
  const wanted = topics.filter(({ id }) => shares.subscribers(id).length > 0)
  // What few can take is given first: the others can still be balanced by the rest.
  wanted.sort((a, b) => shares.subscribers(a.id).length - shares.subscribers(b.id).length)
  for (const topic of wanted) shares.give(topic)
  while (shares.balance());
  return shares.sets()
}

class Shares {
  readonly #members: readonly AssignedMember[]
  readonly #subscribers = new Map<string, number[]>()
  readonly #totals: number[]
  /** Of each member, by topic; those that it had before come first. */
  readonly #shares: Map<string, number[]>[]

  constructor(members: readonly AssignedMember[], topics: readonly AssignedTopic[]) {
    this.#members = members
    this.#totals = members.map(() => 0)
    this.#shares = members.map(() => new Map())
    for (const { id } of topics) this.#subscribers.set(id, subscribersOf(members, id))
    for (const topic of topics) this.#keep(topic)
  }

  subscribers(topicId: string): readonly number[] {
    return this.#subscribers.get(topicId)!
  }

  #keep({ id, partitions }: AssignedTopic): void {
    const taken = new Uint8Array(partitions)
    for (const index of this.subscribers(id)) {
      for (const partition of this.#members[index].previous.get(id) ?? []) {
        if (partition >= partitions || taken[partition] === 1) continue
        taken[partition] = 1
        this.#add(index, id, partition)
      }
    }
  }

  give({ id, partitions }: AssignedTopic): void {
    const taken = new Uint8Array(partitions)
    for (const index of this.subscribers(id)) {
      for (const partition of this.#shares[index].get(id) ?? []) taken[partition] = 1
    }
    for (let partition = 0; partition < partitions; partition++) {
      if (taken[partition] === 0) this.#add(this.#fewest(id), id, partition)
    }
  }

  /** Moves one partition to where it is more even; false: nothing can be more even. */
  balance(): boolean {
    const order = this.#totals.map((_, index) => index).sort((a, b) => this.#totals[b] - this.#totals[a])
    for (const from of order) {
      for (const [topicId, numbers] of this.#shares[from]) {
        const to = this.#fewest(topicId)
        if (numbers.length === 0 || this.#totals[from] - this.#totals[to] < 2) continue
        this.#totals[from]--
        this.#add(to, topicId, numbers.pop()!)
        return true
      }
    }
    return false
  }

  #fewest(topicId: string): number {
    let [found, ...others] = this.subscribers(topicId)
    for (const index of others) if (this.#totals[index] < this.#totals[found]) found = index
    return found
  }

  #add(index: number, topicId: string, partition: number): void {
    this.#totals[index]++
    const numbers = this.#shares[index].get(topicId)
    if (numbers === undefined) this.#shares[index].set(topicId, [partition])
    else numbers.push(partition)
  }

  sets(): ReadonlyMap<string, readonly number[]>[] {
    return this.#shares.map(share => {
      const sorted = [...share].filter(([, numbers]) => numbers.length > 0)
      return new Map(sorted.map(([topicId, numbers]) => [topicId, numbers.sort((a, b) => a - b)]))
    })
  }
}
