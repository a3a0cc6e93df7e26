import { type Fields, ITEM_DELETES_MAX, type Item } from "../../storage/meta-store.ts"
import { notAfter } from "../../storage/not-after.ts"
import { queryItems } from "../../storage/query-items.ts"
import { settlePut } from "../../storage/settle.ts"
import type { Ports } from "../../storage/time.ts"
import { DEADLINE_MS_MAX } from "./limits.ts"
import type { RunningQuery } from "./running.ts"

/** One key for all: who wants to stop a query knows neither process nor time. */
export const RUNNING_PK = "running-queries"
const RUNNING_FORMAT = 1

/** A query that takes less is not told of, and costs nothing. It also is how often one asks whether it was stopped. */
const LOOK_MS = 1_000
/** Of a statement, for lists: an item of more bytes would cost more. */
const SQL_CHARS_MAX = 500
/** Past the longest deadline by so much, an item tells of a query whose process is no more. */
const ENDED_MS = 60_000

type SharedPorts = Pick<Ports, "meta" | "clock" | "random">

/** A query as others see it. */
interface Told extends RunningQuery {
  readonly owner: string
  /** Store time, epoch ms. */
  readonly until: number
  readonly isStopped: boolean
}

/**
 * Queries of processes that cannot be reached, such as functions: each that takes more than a second puts an item, looks at
 * it each second, and deletes it at its end. To stop one is to mark its item. Costs two writes, and a read a second.
 */
export class SharedQueries {
  readonly #ports: SharedPorts

  constructor(ports: SharedPorts) {
    this.#ports = ports
  }

  /**
   * Tells of a query from its first second on. A store that does not answer keeps no query from being answered.
   * @param query what is known of it by then
   * @param stop called when somebody has marked it
   * @returns ends it; nothing is under way any more once the promise resolves
   */
  watch(query: () => RunningQuery, owner: string, stop: () => void): () => Promise<void> {
    const over = new AbortController()
    const watched = this.#watch(query, owner, stop, over.signal).catch(() => {})
    return async () => {
      over.abort(ENDED)
      await watched
    }
  }

  async #watch(query: () => RunningQuery, owner: string, stop: () => void, over: AbortSignal): Promise<void> {
    const { meta, clock, random } = this.#ports
    await clock.sleep(LOOK_MS, over)
    if (over.aborted) return
    const key = { pk: RUNNING_PK, sk: query().requestId }
    const { date } = await meta.get("meta", key)
    const until = date + DEADLINE_MS_MAX + ENDED_MS
    const item: Item = { ...key, version: random.id(), fields: fieldsOf({ ...query(), owner, until }) }
    const options = { condition: { absent: true }, notAfter: notAfter(date) } as const
    // Another's, should two processes have drawn one number.
    if ((await meta.put("meta", item, options)).outcome === "refused") return
    try {
      while (!over.aborted) {
        await clock.sleep(LOOK_MS, over)
        if (over.aborted) return
        const { item: standing } = await meta.get("meta", key)
        if (standing === undefined) return
        if (standing.fields.stopped === true) return stop()
      }
    } finally {
      await meta.delete("meta", key)
    }
  }

  /** The owner's queries. Throws `StorageError`. */
  async list(owner: string): Promise<readonly RunningQuery[]> {
    return (await this.#all(owner)).map(({ told }) => told)
  }

  /** Marks the owner's query of that request id or client's id; false: there is none. Throws `StorageError`. */
  async cancel(id: string, owner: string): Promise<boolean> {
    const found = (await this.#all(owner)).filter(
      ({ told }) => told.requestId === id || told.clientQueryId === id,
    )
    const marked = await Promise.all(
      found.map(async ({ item, date, told }) => {
        if (told.isStopped) return true
        const { random } = this.#ports
        const to = { ...item, version: random.id(), fields: { ...item.fields, stopped: true } }
        const options = { condition: { version: item.version }, notAfter: notAfter(date) }
        return (await settlePut(this.#ports, "meta", to, options)).outcome === "committed"
      }),
    )
    return marked.includes(true)
  }

  async #all(
    owner: string,
  ): Promise<readonly { readonly item: Item; readonly told: Told; readonly date: number }[]> {
    const { items, date } = await queryItems(this.#ports.meta, "meta", { pk: RUNNING_PK })
    return items
      .filter(({ fields }) => fields.v === RUNNING_FORMAT)
      .map(item => ({ item, told: toldOf(item), date }))
      .filter(({ told }) => told.owner === owner && told.until > date)
  }
}

/** With a reason of its own: to make the usual one, with its stack, takes longer than all of this. */
const ENDED = "ended"

function fieldsOf({ clientQueryId, sql, owner, until }: Omit<Told, "isStopped">): Fields {
  const known: Fields = { v: RUNNING_FORMAT, owner, until, sql: sql.slice(0, SQL_CHARS_MAX) }
  return clientQueryId === undefined ? known : { ...known, client: clientQueryId }
}

function toldOf({ sk, fields }: Item): Told {
  return {
    requestId: sk,
    clientQueryId: fields.client === undefined ? undefined : String(fields.client),
    sql: String(fields.sql),
    owner: String(fields.owner),
    until: Number(fields.until),
    isStopped: fields.stopped === true,
  }
}

/** Deletes items of queries whose process was killed. Throws `StorageError`. */
export async function collectQueries({ meta }: Pick<Ports, "meta">): Promise<void> {
  const { items, date } = await queryItems(meta, "meta", {
    pk: RUNNING_PK,
    limit: ITEM_DELETES_MAX,
  })
  const ended = items.filter(item => toldOf(item).until <= date)
  if (ended.length > 0)
    await meta.deleteMany(
      "meta",
      ended.map(({ pk, sk }) => ({ pk, sk })),
    )
}
