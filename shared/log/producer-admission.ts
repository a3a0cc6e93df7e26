import type { AppendContent } from "./append-content.ts"
import { LogError } from "./errors.ts"
import { onlyInTransactions, type Producers } from "./producers.ts"
import type { Registrar, TopicPartition } from "./transactions/types.ts"
import type { AppendResult } from "./types.ts"

type Refused = Extract<AppendResult, { error: LogError }>

/** Which producers may append encoded batches: those whose ids were given out, in transactions or outside as they are meant. */
export class ProducerAdmission {
  readonly #producers: Producers
  readonly #registrar: Registrar

  constructor(producers: Producers, registrar: Registrar) {
    this.#producers = producers
    this.#registrar = registrar
  }

  /**
   * Checks the producer of an encoded batch, and adds the partition to its transaction. Throws `invalid_producer`, and
   * what a registration throws.
   */
  async check({ content, range }: AppendContent, place: TopicPartition): Promise<void> {
    if (!("batch" in content) || range === undefined) return
    const { id, epoch } = range
    const given = await this.#producers.given(id)
    if (given === undefined) throw invalid(`producer id ${id} was not given out: ask POST /producers for one`)
    if (content.batch.transactional !== true) {
      if (given.transactional !== undefined) throw onlyInTransactions(id, given.transactional)
      return
    }
    if (given.transactional === undefined) {
      throw invalid(`producer id ${id} has no transactional id: ask POST /transactions/{id}`)
    }
    if (!this.#registrar.registered(id, epoch, place)) await this.#registrar.register(id, epoch, [place])
  }

  /** A refusal as it is told: the partition knows that a transaction is over, its item knows how it ended. */
  async refused({ content, range }: AppendContent, result: Refused): Promise<Refused> {
    const isTransactional = "batch" in content && content.batch.transactional === true
    if (!isTransactional || range === undefined || result.error.code !== "fenced") return result
    return { ...result, error: (await this.#registrar.refusal(range.id, range.epoch)) ?? result.error }
  }
}

function invalid(message: string): LogError {
  return new LogError("invalid_producer", message)
}
