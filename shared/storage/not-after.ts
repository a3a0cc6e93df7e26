/** A write may be applied this long after the oldest read that it relies on: views older than that are not acted on. */
export const WRITE_AFTER_READ_MS = 30 * 60_000
/** A write that is the first to name an object, this long after the upload: well before orphans are collected. */
export const NAME_AFTER_UPLOAD_MS = 5 * 60_000

/** The store time after which a write must not be applied any more. Dates are those of the stores, epoch ms. */
export function notAfter(oldestRead: number, uploads: readonly number[] = []): number {
  return Math.min(oldestRead + WRITE_AFTER_READ_MS, ...uploads.map(date => date + NAME_AFTER_UPLOAD_MS))
}
