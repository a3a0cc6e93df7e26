/** A query under way, as those who may stop it see it. */
export interface RunningQuery {
  readonly requestId: string
  readonly clientQueryId?: string | undefined
  readonly sql: string
}

interface Entry extends RunningQuery {
  readonly owner: string
  readonly controller: AbortController
}

/** The queries that this process answers just now. Each belongs to who asked it; nobody else sees it. */
export class RunningQueries {
  readonly #entries = new Map<string, Entry>()

  /** @param owner who may stop it; empty: everybody of this process */
  add(query: RunningQuery, owner: string, signal: AbortSignal | undefined): AbortSignal {
    const controller = new AbortController()
    this.#entries.set(query.requestId, { ...query, owner, controller })
    return signal === undefined ? controller.signal : AbortSignal.any([signal, controller.signal])
  }

  /** Names what the client calls it, once its options are read. */
  name(requestId: string, clientQueryId: string | undefined): void {
    const entry = this.#entries.get(requestId)
    if (entry !== undefined) this.#entries.set(requestId, { ...entry, clientQueryId })
  }

  /** Whether it was stopped meanwhile. */
  remove(requestId: string): boolean {
    const entry = this.#entries.get(requestId)
    this.#entries.delete(requestId)
    return entry?.controller.signal.aborted === true
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
