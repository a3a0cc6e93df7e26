/** Records that lie one after the other in a partition. */
export interface OffsetRun {
  readonly partition: number
  readonly baseOffset: number
  readonly count: number
}

const BEFORE = '{"offsets":['
const AFTER_ENTRY = `,"error_code":null,"error":null},`
const ZERO = 48
const NINE = 57

/** A run whose offsets have equally many digits, so that all its entries are equally long. */
interface EvenRun extends OffsetRun {
  readonly entry: string
  readonly digits: number
}

function evenRuns(runs: readonly OffsetRun[]): EvenRun[] {
  const even: EvenRun[] = []
  for (const { partition, baseOffset, count } of runs) {
    const end = baseOffset + count
    for (let base = baseOffset; base < end; ) {
      const digits = String(base).length
      const next = Math.min(end, 10 ** digits)
      const entry = `{"partition":${partition},"offset":${base}${AFTER_ENTRY}`
      even.push({ partition, baseOffset: base, count: next - base, entry, digits })
      base = next
    }
  }
  return even
}

/** Adds one to a decimal number in ASCII; it never gains a digit. */
function increment(digits: Uint8Array): void {
  let at = digits.length - 1
  while (digits[at] === NINE) digits[at--] = ZERO
  digits[at]!++
}

function writeRun(out: Buffer, start: number, { entry, digits, count }: EvenRun): number {
  const end = start + count * entry.length
  out.write(entry, start, "latin1")
  // What is written doubles until all entries stand there, with the first one's offset.
  for (let filled = entry.length; start + filled < end; filled *= 2) {
    out.copyWithin(start + filled, start, Math.min(start + filled, end - filled))
  }
  const offsetAt = entry.length - AFTER_ENTRY.length - digits
  const offset = Uint8Array.from(out.subarray(start + offsetAt, start + offsetAt + digits))
  for (let at = start + entry.length + offsetAt; at < end; at += entry.length) {
    increment(offset)
    for (let i = 0; i < digits; i++) out[at + i] = offset[i]!
  }
  return end
}

/**
 * The reply to an append without failures, an entry a record: `{"offsets":[{"partition":0,"offset":7,…},…]}`.
 * Written as bytes, since a string would cost more for each record than everything else that a request does.
 */
export function offsetEntries(runs: readonly OffsetRun[]): Buffer {
  const even = evenRuns(runs)
  const size = even.reduce((sum, run) => sum + run.count * run.entry.length, BEFORE.length + 1)
  const out = Buffer.allocUnsafe(size)
  let at = out.write(BEFORE, "latin1")
  for (const run of even) at = writeRun(out, at, run)
  // In place of the last comma.
  out.write("]}", at - 1, "latin1")
  return out
}
