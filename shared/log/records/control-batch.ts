import { createBatchBuilder } from "./batch-builder.ts"
import { checkBatchCrc } from "./batch-header.ts"
import { RecordCursor } from "./record-cursor.ts"

/** Of a control record's key, by Kafka's protocol: how its transaction ended. */
const ABORT_TYPE = 0
const COMMIT_TYPE = 1
const CONTROL_VERSION = 0

export interface TransactionMarker {
  readonly producerId: number
  readonly producerEpoch: number
  readonly committed: boolean
  /** Epoch ms. */
  readonly timestamp: number
}

/**
 * The control batch that ends a transaction, as Kafka stores it: one record; key = version and type (int16 each), value =
 * version (int16) and the coordinator's epoch (int32), of which there is none here.
 * Source: Kafka's `ControlRecordType` and `EndTransactionMarker`.
 */
export function markerBatch({
  producerId,
  producerEpoch,
  committed,
  timestamp,
}: TransactionMarker): Uint8Array {
  const bytes = new Uint8Array(10)
  const view = new DataView(bytes.buffer)
  view.setInt16(0, CONTROL_VERSION)
  view.setInt16(2, committed ? COMMIT_TYPE : ABORT_TYPE)
  view.setInt16(4, CONTROL_VERSION)
  view.setInt32(6, 0)
  const builder = createBatchBuilder({ capacityBytes: 256 })
  builder.add(bytes, 0, 4, 4, 10, timestamp)
  const stamp = { producerId, producerEpoch, baseSequence: -1, transactional: true, control: true }
  return builder.finish(stamp).bytes
}

/** Reads what `markerBatch` wrote. Throws `corrupt_batch`, and `RangeError` for a control record of another type. */
export function readMarkerBatch(bytes: Uint8Array): TransactionMarker {
  const header = checkBatchCrc(bytes)
  const cursor = new RecordCursor(bytes, header)
  if (!cursor.next() || cursor.keyEnd - cursor.keyStart < 4) throw new RangeError("no control record")
  const { buffer, keyStart, timestamp } = cursor
  const type = new DataView(buffer.buffer, buffer.byteOffset).getInt16(keyStart + 2)
  if (!header.control || (type !== ABORT_TYPE && type !== COMMIT_TYPE))
    throw new RangeError(`control type ${type}`)
  const { producerId, producerEpoch } = header
  return { producerId, producerEpoch, committed: type === COMMIT_TYPE, timestamp }
}
