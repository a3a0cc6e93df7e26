import type { Base } from "./base.ts"

/** A value that was changed is taken up after this. */
const KEPT_MS = 5 * 60_000

/** Reads the secrets that the stack named for this function. Nothing of a value is ever told. */
export function ownSecrets({
  settings,
  cloud,
  ports,
}: Pick<Base, "settings" | "cloud" | "ports">): (name: string) => Promise<string> {
  const ids = JSON.parse(settings.MILLRACE_SECRETS ?? "{}") as Readonly<Record<string, string>>
  const known = new Map<string, { readonly value: string; readonly readAt: number }>()
  return async name => {
    const before = known.get(name)
    const now = ports.clock.elapsed()
    if (before !== undefined && now - before.readAt < KEPT_MS) return before.value
    const id = ids[name]
    if (id === undefined) throw new Error(`secret ${name} is missing: expected it among those of the stack`)
    const value = await cloud.outside.readSecret(id)
    if (value === "") throw new Error(`secret ${name}: ${id} is empty, expected a text`)
    known.set(name, { value, readAt: now })
    return value
  }
}
