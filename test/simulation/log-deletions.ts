interface Deletion {
  readonly name: string
  readonly begun: number
  ended: number
}

interface Mark {
  readonly created: number
  readonly marked: number
  /** The request that it is accounted to. */
  deletion: Deletion | undefined
}

/** Accounts every topic that goes to a request of its own: one request deletes one topic, and one that it can know. */
export class LogDeletions {
  readonly #deletions: Deletion[] = []
  readonly #created = new Map<string, number>()
  readonly #marks: Mark[] = []
  #moment = 0

  begin(name: string): Deletion {
    const deletion = { name, begun: ++this.#moment, ended: Number.POSITIVE_INFINITY }
    this.#deletions.push(deletion)
    return deletion
  }

  /** The request was answered, or its process died. */
  end(deletion: Deletion): void {
    deletion.ended = ++this.#moment
  }

  created(id: string): void {
    this.#created.set(id, ++this.#moment)
  }

  /** Whether a request can be found to which this topic's going is due, besides those of all others. */
  marked(name: string, id: string): boolean {
    const mark = { created: this.#created.get(id) ?? 0, marked: ++this.#moment, deletion: undefined }
    this.#marks.push(mark)
    return this.#assign(name, mark, new Set())
  }

  /** An augmenting path of the bipartite matching between topics that go and requests. */
  #assign(name: string, mark: Mark, tried: Set<Deletion>): boolean {
    for (const deletion of this.#deletions) {
      const fits = deletion.name === name && deletion.begun < mark.marked && deletion.ended > mark.created
      if (!fits || tried.has(deletion)) continue
      tried.add(deletion)
      const holder = this.#marks.find(other => other.deletion === deletion)
      if (holder !== undefined && !this.#assign(name, holder, tried)) continue
      mark.deletion = deletion
      return true
    }
    return false
  }
}
