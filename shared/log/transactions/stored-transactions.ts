import type { Ports } from "../../storage/time.ts"
import { LogError } from "../errors.ts"
import type {
  CommitRequest,
  Overdue,
  TransactionalProducer,
  TransactionDescription,
  TransactionResult,
  Transactions,
} from "./types.ts"

/** Transactions over the ports. */
export class StoredTransactions implements Transactions {
  readonly #ports: Ports

  constructor(ports: Ports) {
    this.#ports = ports
  }

  #missing(): Promise<never> {
    const at = this.#ports.clock.elapsed()
    return Promise.reject(new LogError("invalid_transaction", `not there yet, at ${at} ms`))
  }

  init(_transactionalId: string, _timeoutMs: number): Promise<TransactionalProducer> {
    return this.#missing()
  }

  register(
    _producerId: number,
    _epoch: number,
    _partitions: readonly { topicId: string; partition: number }[],
  ): Promise<void> {
    return this.#missing()
  }

  commit(_request: CommitRequest): Promise<TransactionResult> {
    return this.#missing()
  }

  abort(_transactionalId: string, _producerId: number, _epoch: number): Promise<TransactionResult> {
    return this.#missing()
  }

  settle(_producerId: number): Promise<boolean> {
    return Promise.resolve(false)
  }

  settleOverdue(_after?: string): Promise<Overdue> {
    return Promise.resolve({ looked: 0, settled: 0, forgotten: 0 })
  }

  describe(_transactionalId: string): Promise<TransactionDescription> {
    return this.#missing()
  }

  list(): Promise<readonly TransactionDescription[]> {
    return Promise.resolve([])
  }
}
