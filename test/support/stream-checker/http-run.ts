import { Admin, Consumer, Producer } from "../../../client/index.ts"
import { checkStream } from "./checker.ts"
import { checkDerived } from "./derived.ts"
import { HistoryBook, type StreamHistory } from "./history.ts"
import { readToTheEnd, runGroupReader } from "./http-readers.ts"
import { runTransactor, runTransformer, runWriter } from "./http-writers.ts"
import { isCommitted, versionsOf } from "./versions.ts"

/** Where a server is at present, and how its clients are let in. */
export interface StreamServer {
  url(): string
  readonly token?: string
}

export interface StreamRunOptions {
  /** Begins the names of topics, groups and transactional ids. */
  readonly name: string
  /** Clients go on until this is false. */
  goesOn(): boolean
  /** A client's pause between two operations, ms. */
  readonly pauseMs: number
  /** Told of all that is counted, as it happens. */
  counted?(what: string): void
  /** Transactions with more than a client holds, each 5 MB. */
  readonly large: number
}

/** What the clients of one run share. */
export interface StreamClients extends StreamRunOptions {
  readonly book: HistoryBook
  readonly topics: readonly string[]
  readonly derived: Map<string, string>
  /** What a group's readers got and counted as done. */
  readonly groupReads: Map<string, Set<string>>
  readonly counts: Map<string, number>
  producer(options?: Omit<ConstructorParameters<typeof Producer>[0], "url">): Producer
  consumer(options?: Omit<ConstructorParameters<typeof Consumer>[0], "url">): Consumer
  readonly admin: Admin
  value(): string
  count(what: string): void
}

const PARTITIONS = [3, 2] as const
/** The name in a value ends there; what follows only makes it large. */
const PAD = "|"

/** A server's address changes when it is started anew: requests go to where it is now. */
function toServer(server: StreamServer) {
  const url = "http://stream.invalid"
  const rerouted: typeof fetch = (asked, init) => fetch(server.url() + String(asked).slice(url.length), init)
  return {
    url,
    fetch: rerouted,
    retryBackoffMs: 20,
    retryBackoffMsMax: 200,
    ...(server.token !== undefined && { token: server.token }),
  }
}

export function padded(value: string, bytes: number): string {
  return `${value}${PAD}`.padEnd(bytes, ".")
}

export function nameIn(bytes: Uint8Array | null): string {
  return (
    Buffer.from(bytes ?? [])
      .toString()
      .split(PAD, 1) as [string]
  )[0]
}

export function partitionName(topic: string, partition: number): string {
  return `${topic}/${partition}`
}

/** Has clients of every kind at a server until they are told to end; says what was wrong, and how much there was of what. */
export async function runStreamClients(server: StreamServer, options: StreamRunOptions) {
  const connection = toServer(server)
  let values = 0
  const counts = new Map<string, number>()
  const clients: StreamClients = {
    ...options,
    book: new HistoryBook(),
    topics: PARTITIONS.map((_, index) => `${options.name}-${index}`),
    derived: new Map(),
    groupReads: new Map(),
    counts,
    producer: more => new Producer({ ...connection, lingerMs: 2, ...more }),
    consumer: more => new Consumer({ ...connection, autoOffsetReset: "earliest", waitMs: 500, ...more }),
    admin: new Admin(connection),
    value: () => `v${++values}`,
    count: what => {
      counts.set(what, (counts.get(what) ?? 0) + 1)
      options.counted?.(what)
    },
  }
  for (const [index, partitions] of PARTITIONS.entries()) {
    await clients.admin.createTopic({ name: clients.topics[index]!, partitions })
  }
  const writers = Promise.all([
    runWriter(clients, "w0"),
    runWriter(clients, "w1"),
    runTransactor(clients, "t0"),
    runTransformer(clients, "t1"),
    runTransformer(clients, "t2"),
  ])
  let writing = true
  const readers = [runGroupReader(clients, "m0", () => writing), runGroupReader(clients, "m1", () => writing)]
  await writers
  writing = false
  await Promise.all(readers)
  await readToTheEnd(clients)
  return { anomalies: judge(clients), counts: clients.counts }
}

function judge(clients: StreamClients) {
  const history: StreamHistory = {
    operations: clients.book.operations,
    facts: () => ({ logStart: 0, compacted: false, deleted: false }),
    complete: true,
  }
  const versions = versionsOf(history)
  const missed = [...clients.groupReads].flatMap(([group, read]) =>
    [...versions.sent.keys()]
      .filter(value => isCommitted(versions, value) && !read.has(value))
      .map(value => ({ kind: "unseen by group", text: `${value} by ${group}` })),
  )
  return [...checkStream(history), ...checkDerived(clients.derived, versions), ...missed]
}
