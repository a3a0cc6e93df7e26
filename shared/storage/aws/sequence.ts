/** Emulators pad sequence numbers with zeros; a position has none. */
const PADDING = /^0+(?=\d)/

/** A Kinesis sequence number as positions have it. */
export const sequenceOf = (sequenceNumber: string) => sequenceNumber.replace(PADDING, "")
