import type { Operation, ReadRecord, SendEvent, StreamHistory } from "./history.ts"

export interface SentValue {
  readonly send: SendEvent
  readonly operation: Operation
}

/** A partition's offsets and values, as all that was acknowledged and read together tell. */
export interface PartitionVersions {
  readonly partition: string
  /** Every value that anybody saw or was told of at an offset: one, in a sound log. */
  readonly byOffset: Map<number, Set<string>>
  readonly offsets: number[]
  /** The highest offset that anybody read, or −1. */
  highestRead: number
}

export interface Versions {
  readonly partitions: Map<string, PartitionVersions>
  readonly sent: Map<string, SentValue>
  /** Where values were seen: `partition@offset`. */
  readonly places: Map<string, Set<string>>
  /** Values that somebody read. */
  readonly read: Map<string, ReadRecord>
  /** Values that a reader of committed records read. */
  readonly committed: Set<string>
}

export function sends(operation: Operation): SendEvent[] {
  return operation.events.filter(event => event.kind === "send")
}

export function reads(operation: Operation): ReadRecord[] {
  return operation.events.flatMap(event => (event.kind === "poll" ? event.records : []))
}

/** Puts together which value stands at which offset. Only what was acknowledged, or read, counts. */
export function versionsOf(history: StreamHistory): Versions {
  const versions: Versions = {
    partitions: new Map(),
    sent: new Map(),
    places: new Map(),
    read: new Map(),
    committed: new Set(),
  }
  for (const operation of history.operations) {
    for (const send of sends(operation)) {
      if (versions.sent.has(send.value)) throw new RangeError(`value ${send.value} is sent twice`)
      versions.sent.set(send.value, { send, operation })
      if (operation.outcome === "ok" && (send.offset ?? -1) >= 0) place(versions, send, send.offset!)
    }
    for (const record of reads(operation)) {
      const partition = place(versions, record, record.offset)
      partition.highestRead = Math.max(partition.highestRead, record.offset)
      versions.read.set(record.value, record)
      if (operation.isolation === "read_committed") versions.committed.add(record.value)
    }
  }
  for (const partition of versions.partitions.values()) {
    partition.offsets.push(...[...partition.byOffset.keys()].sort((left, right) => left - right))
  }
  return versions
}

function place(
  versions: Versions,
  at: { readonly partition: string; readonly value: string },
  offset: number,
): PartitionVersions {
  let partition = versions.partitions.get(at.partition)
  if (partition === undefined) {
    partition = { partition: at.partition, byOffset: new Map(), offsets: [], highestRead: -1 }
    versions.partitions.set(at.partition, partition)
  }
  addTo(partition.byOffset, offset, at.value)
  addTo(versions.places, at.value, `${at.partition}@${offset}`)
  return partition
}

function addTo<K>(map: Map<K, Set<string>>, key: K, value: string): void {
  const values = map.get(key)
  if (values === undefined) map.set(key, new Set([value]))
  else values.add(value)
}

/** Whether a value certainly stands for all readers: it was acknowledged, or one of committed records saw it. */
export function isCommitted(versions: Versions, value: string): boolean {
  return versions.sent.get(value)?.operation.outcome === "ok" || versions.committed.has(value)
}
