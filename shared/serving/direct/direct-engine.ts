import type { Clock } from "../../storage/time.ts"
import { QueryError } from "../errors.ts"
import type { ChosenLevel } from "../rollup/choose-levels.ts"
import type { EngineReply } from "../sql/engine.ts"
import type { SqlAnswer, TableFile } from "../types.ts"
import type { BlockSource } from "./columns/block-source.ts"
import { COLUMN_BYTES_MAX, ColumnStore } from "./columns/column-store.ts"
import { GivenUp } from "./columns/dictionary.ts"
import { WholeFileSource } from "./columns/whole-file-source.ts"
import { DeadRows } from "./run/dead-rows.ts"
import { type DirectRequest, QueryRun, type RunContext } from "./run/query-run.ts"

/** Dictionaries are dropped with all columns when they take more. */
const DICTIONARY_BYTES_MAX = 256 * 1024 ** 2

export interface DirectEngineOptions {
  readonly clock: Clock
  /** Lets other work of the process run; resolves when it had its turn. Default: nothing is let in. */
  readonly breathe?: () => Promise<void>
  /** Where columns come from; default: the whole file, or a tail's batch. */
  readonly source?: (file: TableFile) => BlockSource
  /** Opens a level of a pinned segment. Default: rollups are not read. */
  readonly openLevel?: (file: TableFile, level: ChosenLevel) => TableFile
  /** Memory for decoded columns, bytes. */
  readonly columnBytesMax?: number
}

/** The direct path cannot answer over this data; another engine can. */
export interface DirectGivenUp {
  readonly why: string
}

/** Runs plans over decoded columns in this process. */
export class DirectEngine {
  readonly #context: RunContext

  constructor(options: DirectEngineOptions) {
    const { clock, breathe, source, openLevel, columnBytesMax = COLUMN_BYTES_MAX } = options
    const whole = new WholeFileSource()
    const store = new ColumnStore(source ?? (() => whole), columnBytesMax, breathe)
    this.#context = { clock, store, dead: new DeadRows(), breathe, openLevel }
  }

  /** Whether the plan's columns are in memory: then there is nothing that indexes could save the reading of. */
  holds(request: DirectRequest): boolean {
    try {
      return new QueryRun(request, this.#context).holds()
    } catch (error) {
      if (error instanceof GivenUp) return false
      throw error
    }
  }

  /** Answers a plan over a pinned table. Throws what reading files throws. */
  async run(request: DirectRequest): Promise<EngineReply<SqlAnswer> | DirectGivenUp> {
    const { store } = this.#context
    try {
      if (store.dictionaryBytes > DICTIONARY_BYTES_MAX) store.forget()
      return { ok: true, value: await new QueryRun(request, this.#context).answer() }
    } catch (error) {
      if (error instanceof GivenUp) return { why: error.message }
      if (error instanceof QueryError) return { ok: false, error }
      throw error
    }
  }
}
