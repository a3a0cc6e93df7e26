import type { PartitionState } from "../../shared/log/fold.ts"
import type { Slot } from "../../shared/log/slot.ts"

// What slots add up to, told a second time and in another way than the production fold tells it: lists instead of
// ordered maps, everything looked at every time. The figures are repeated here on purpose.

const DAY_MS = 24 * 3_600_000
const FLAG_CLOSE = 4
const APPENDS_REMEMBERED = 5

interface OracleProducer {
  readonly id: number
  epoch: number
  time: number
  appends: string[]
}

/** The fold of one partition, by the specification. */
export class LogOracle {
  end = 0
  commitTime = 0
  closed = false
  #producers: OracleProducer[] = []
  /** The last position of each of a journal's shards. */
  readonly #sources = new Map<string, { sequence: string; index: number }>()

  /** @returns what is wrong with the slot, if anything */
  apply(slot: Slot): string | undefined {
    let fault: string | undefined
    this.#producers = this.#producers.filter(({ time }) => slot.commitTime - time < DAY_MS)
    this.commitTime = slot.commitTime
    let offset = slot.base
    for (const { flags, count, producer, source } of slot.entries) {
      if (source !== undefined) {
        const last = this.#sources.get(source.shard)
        if (last !== undefined && !isBehind(last, source)) {
          fault = `${source.shard} goes back from ${last.sequence} to ${source.sequence}`
        }
        this.#sources.set(source.shard, { sequence: source.sequence, index: source.index })
      }
      if ((flags & FLAG_CLOSE) !== 0) this.closed = true
      if (producer !== undefined) {
        const known = this.#producers.find(({ id }) => id === producer.id)
        const sameEpoch = known !== undefined && known.epoch >= producer.epoch
        const appends = sameEpoch ? known.appends : []
        appends.push(`${producer.firstSequence}-${producer.lastSequence}@${offset}`)
        this.#producers = this.#producers.filter(({ id }) => id !== producer.id)
        this.#producers.push({
          id: producer.id,
          epoch: Math.max(producer.epoch, known?.epoch ?? 0),
          time: slot.commitTime,
          appends: appends.slice(-APPENDS_REMEMBERED),
        })
      }
      offset += count
    }
    this.end = slot.next
    return fault
  }

  /** Everything that the fold knows, its order included, as text. */
  digest(): string {
    const producers = this.#producers.map(producerText)
    return stateText(this.end, this.commitTime, this.closed, producers) + sourcesText(this.#sources)
  }
}

function producerText({ id, epoch, time, appends }: OracleProducer): string {
  return `${id}e${epoch} ${time} [${appends.join(" ")}]`
}

function isBehind(
  last: { sequence: string; index: number },
  next: { sequence: string; index: number },
): boolean {
  const [one, two] = [BigInt(last.sequence), BigInt(next.sequence)]
  return one < two || (one === two && last.index < next.index)
}

function sourcesText(sources: ReadonlyMap<string, { sequence: string; index: number }>): string {
  const texts = [...sources].map(([shard, { sequence, index }]) => `${shard}:${sequence}.${index}`)
  return texts.length === 0 ? "" : `, sources ${texts.join(" ")}`
}

function stateText(end: number, time: number, closed: boolean, producers: string[]): string {
  return `end ${end}, time ${time}${closed ? ", closed" : ""}, producers ${producers.join("; ")}`
}

/** A production state in the oracle's words. */
export function digestOf(state: PartitionState): string {
  const producers = [...state.producers].map(([id, { epoch, time, appends }]) => {
    const remembered = appends.map(({ first, last, offset }) => `${first}-${last}@${offset}`)
    return producerText({ id, epoch, time, appends: remembered })
  })
  const others = state.reserved.size + state.tombstones.size
  if (others > 0) producers.push(`${others} that nobody has written`)
  return stateText(state.end, state.commitTime, state.closed, producers) + sourcesText(state.sources)
}
