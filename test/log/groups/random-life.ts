import type { AssignorName, Subscription } from "../../../shared/log/groups/types.ts"
import type { Item } from "../../../shared/storage/meta-store.ts"
import { Commits, RandomClient } from "./random-clients.ts"
import { RandomWorld } from "./random-world.ts"

const BUSY_MS = 90_000
/** The longest session, time to give up, look at the topics, standstill, and some heartbeats of each. */
const CALM_MS = 12_000 + 10_000 + 60_000 + 15_000 + 15_000

/** Members that join, read, commit, crash, come back, leave and linger, while topics grow and stores fail. */
export async function play(seed: number): Promise<string[]> {
  const commits = new Commits()
  const clients: RandomClient[] = []
  const standing = new Map<string, Item>()
  const wrong: string[] = []
  const world: RandomWorld = new RandomWorld(seed, (_, item) => {
    if (item.pk !== "group#g" || !item.sk.startsWith("o#")) return
    wrong.push(...offsetFaults(world, clients, commits, standing.get(item.sk), item))
    standing.set(item.sk, item)
  })
  let made = 0
  const start = (instanceId?: string) => {
    const subscription: Subscription = world.chance(3)
      ? { pattern: "events|more-\\d" }
      : { topics: ["events"] }
    const client = new RandomClient(world, commits, `m${++made}`, {
      subscription,
      sessionTimeoutMs: 6_000 + world.prng.integer(6_000),
      rebalanceTimeoutMs: 5_000 + world.prng.integer(5_000),
      assignor: world.pick<AssignorName>(["range", "uniform", "sticky"]),
      ...(instanceId === undefined ? {} : { instanceId }),
    })
    clients.push(client)
    return client
  }
  async function place(instanceId: string | undefined, until: number): Promise<void> {
    while (world.date < until) {
      await world.sleep(world.prng.integer(20_000))
      await start(instanceId).live(until)
      await world.sleep(world.prng.integer(40_000))
    }
  }
  async function admin(until: number): Promise<void> {
    for (let partitions = 4; world.date < until; partitions += world.prng.integer(3)) {
      await world.steady.alterTopic("events", "http", { partitions })
      if (world.chance(4))
        await world.steady
          .createTopic({ name: `more-${partitions % 10}`, partitions: 2, owner: "http" })
          .catch(() => undefined)
      await world
        .process()
        .groups.expire()
        .catch(() => undefined)
      await world
        .process()
        .groups.describe("g")
        .catch(() => undefined)
      await world.sleep(world.prng.integer(90_000))
    }
  }
  await world.run(world.steady.createTopic({ name: "events", partitions: 3, owner: "http" }))
  world.faulty = true
  const until = world.date + BUSY_MS
  const places = Array.from({ length: 2 + world.prng.integer(4) }, (_, index) =>
    index % 2 === 0 ? undefined : `i${index}`,
  )
  await world.run(Promise.all([...places.map(instance => place(instance, until)), admin(until)]))
  world.faulty = false
  await world.run(calmDown(world, clients, start))
  return [
    ...wrong,
    ...clients.flatMap(client => client.wrong),
    ...(await world.run(endFaults(world, clients))),
  ]
}

/** What is wrong with a write of a partition's item. */
function offsetFaults(
  world: RandomWorld,
  clients: readonly RandomClient[],
  commits: Commits,
  before: Item | undefined,
  now: Item,
): string[] {
  const { owner, offset = 0 } = now.fields
  const wrong: string[] = []
  if (offset !== (before?.fields.offset ?? 0)) {
    const by = commits.by.get(offset as number)
    if (by !== owner || by !== before?.fields.owner)
      wrong.push(`${by} commits ${now.sk} of ${before?.fields.owner}`)
    if (Number(offset) < Number(before?.fields.offset ?? 0)) wrong.push(`${now.sk} goes back to ${offset}`)
  } else if (owner !== before?.fields.owner) {
    const key = `${now.sk.split("#")[1]}#${Number(now.sk.split("#")[2])}`
    const members = new Set(
      [...world.stores.items("meta")].filter(({ pk }) => pk === "group#g").map(({ sk }) => sk),
    )
    for (const client of clients) {
      const reads = client.state === "alive" && client.member !== owner && client.owned.has(key)
      if (reads && members.has(`m#${client.member}`))
        wrong.push(`${owner} takes ${key}, which ${client.member} reads`)
    }
  }
  return wrong
}

async function calmDown(
  world: RandomWorld,
  clients: RandomClient[],
  start: () => RandomClient,
): Promise<void> {
  const until = world.date + CALM_MS
  if (!clients.some(({ state }) => state === "alive")) start()
  const living = clients.filter(({ state }) => state === "alive")
  const due = new Map(living.map(client => [client, 0]))
  while (world.date < until) {
    const now = living.filter(client => client.state === "alive" && due.get(client)! <= world.date)
    for (const client of now) {
      await client.tell()
      due.set(client, world.date + (client.interval || 1_000))
    }
    const alive = living.filter(({ state }) => state === "alive")
    if (alive.length === 0) return
    await world.sleep(Math.max(1, Math.min(...alive.map(client => due.get(client)!)) - world.date))
  }
}

/** What is wrong once nothing has failed for a while. */
async function endFaults(world: RandomWorld, clients: readonly RandomClient[]): Promise<string[]> {
  const living = clients.filter(({ state }) => state === "alive")
  const wrong: string[] = []
  const readers = new Map<string, string[]>()
  for (const client of living) {
    for (const key of client.owned.keys()) readers.set(key, [...(readers.get(key) ?? []), client.member])
    const may = await client.mayFetch()
    if (may.includes(false)) wrong.push(`${client.member} may not read what it owns`)
  }
  const patterns = living.some(({ wish }) => "pattern" in wish.subscription!)
  for (const { id, name, partitions } of await world.steady.listTopics()) {
    if (name !== "events" && !patterns) continue
    for (let partition = 0; partition < partitions; partition++) {
      const by = readers.get(`${id}#${partition}`) ?? []
      if (by.length !== 1) wrong.push(`${name} ${partition} is read by ${by.join(" and ") || "nobody"}`)
    }
  }
  if (living.length > 0) {
    const { state, members } = await world.steady.groups.describe("g")
    if (state !== "stable" || members.length !== living.length) {
      wrong.push(`${state}, ${members.length} members of ${living.length}`)
    }
  }
  return wrong
}
