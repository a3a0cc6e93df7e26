import type { SharedQueries } from "./shared-queries.ts"

/** A query under way, as those who may stop it see it. */
export interface RunningQuery {
  readonly requestId: string
  readonly clientQueryId?: string | undefined
  readonly sql: string
}

interface Entry extends RunningQuery {
  readonly owner: string
  readonly controller: AbortController
  /** Ends what tells others of it. */
  readonly end?: () => Promise<void>
}

/** The queries that this process answers just now. Each belongs to who asked it; nobody else sees it. */
export class RunningQueries {
  readonly #entries = new Map<string, Entry>()
  readonly #shared: SharedQueries | undefined

  /** @param shared where those find a query who do not reach this process; default: nobody else asks */
  constructor(shared?: SharedQueries) {
    this.#shared = shared
  }

  /** @param owner who may stop it; empty: everybody of this process */
  add(query: RunningQuery, owner: string, signal: AbortSignal | undefined): AbortSignal {
    const controller = new AbortController()
    const { requestId } = query
    const now = () => this.#entries.get(requestId) ?? query
    const end = this.#shared?.watch(now, owner, () => controller.abort())
    this.#entries.set(requestId, { ...query, owner, controller, ...(end === undefined ? {} : { end }) })
    return signal === undefined ? controller.signal : AbortSignal.any([signal, controller.signal])
  }

  /** Names what the client calls it, once its options are read. */
  name(requestId: string, clientQueryId: string | undefined): void {
    const entry = this.#entries.get(requestId)
    if (entry !== undefined) this.#entries.set(requestId, { ...entry, clientQueryId })
  }

  /** Whether it was stopped meanwhile; and what is to be awaited before its process may be frozen. */
  remove(requestId: string): { readonly isStopped: boolean; readonly ended?: Promise<void> } {
    const entry = this.#entries.get(requestId)
    this.#entries.delete(requestId)
    const isStopped = entry?.controller.signal.aborted === true
    return entry?.end === undefined ? { isStopped } : { isStopped, ended: entry.end() }
  }

  list(owner: string): readonly RunningQuery[] {
    return [...this.#entries.values()]
      .filter(entry => entry.owner === owner)
      .map(({ requestId, clientQueryId, sql }) => ({ requestId, clientQueryId, sql }))
  }

  /** Stops the owner's query of that request id or client's id; false: there is none. */
  cancel(id: string, owner: string): boolean {
    const found = [...this.#entries.values()].filter(
      entry => entry.owner === owner && (entry.requestId === id || entry.clientQueryId === id),
    )
    for (const { controller } of found) controller.abort()
    return found.length > 0
  }
}
