/** Where each topic, table and app was written. Kept beside them, so that moving a line changes no definition. */
const sites = new WeakMap<object, string>()

const FRAME = /(?:\(|at (?:async )?)((?:file:\/\/|\/|[a-zA-Z]:\\).*:\d+:\d+)\)?$/

/**
 * Remembers the place that called `through`.
 * @param made what that call makes
 * @param through the public function whose caller is wanted
 */
export function markSite(made: object, through: (...args: never[]) => unknown): void {
  const holder: { stack?: string } = {}
  Error.captureStackTrace(holder, through)
  const frame = holder.stack?.split("\n")[1]
  const place = frame === undefined ? null : FRAME.exec(frame)
  if (place?.[1] !== undefined) sites.set(made, place[1])
}

/** `file:///…/app.ts:12:3`, where it is known. */
export function siteOf(made: object): string | undefined {
  return sites.get(made)
}
