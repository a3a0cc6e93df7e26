import { notAfter } from "../../storage/not-after.ts"
import type { Ports } from "../../storage/time.ts"
import { LogError } from "../errors.ts"
import { nameOf, unknownGroup } from "./describe.ts"
import type { Group } from "./group-item.ts"
import type { GroupStore } from "./group-store.ts"
import { inParallel } from "./in-parallel.ts"
import { EXPIRED_GROUPS_MAX, EXPIRED_OFFSETS_MAX, OFFSETS_RETENTION_MS } from "./limits.ts"
import type { Membership } from "./membership.ts"
import { offsetKey } from "./offset-item.ts"
import type { GroupsLog } from "./open-groups.ts"
import { checkUnused } from "./reset-offsets.ts"
import type { Expired } from "./types.ts"

interface Parts {
  readonly ports: Pick<Ports, "meta" | "clock" | "random">
  readonly log: GroupsLog
  readonly store: GroupStore
  readonly membership: Membership
}

const NOTHING = { deleted: 0, more: false }

/** A bounded step: see `Groups.expire`. */
export async function expireGroups(parts: Parts, after?: string): Promise<Expired> {
  const { names } = await parts.store.names(after, EXPIRED_GROUPS_MAX)
  let [groups, offsets] = [0, 0]
  const faults: { group: string; error: unknown }[] = []
  for (const name of names) {
    const { deleted, more } = await expireGroup(parts, name, EXPIRED_OFFSETS_MAX - offsets).catch(error => {
      faults.push({ group: name, error })
      return NOTHING
    })
    offsets += deleted
    // The next step goes on with this one, unless nothing of it can be deleted now.
    if (more && offsets > 0) {
      return { groups, offsets, faults, ...(groups === 0 ? next(after) : next(names[groups - 1])) }
    }
    groups++
  }
  return { groups, offsets, faults, ...(names.length === EXPIRED_GROUPS_MAX ? next(names.at(-1)) : {}) }
}

/** From the first group on where there is none before. */
function next(after: string | undefined): { readonly next: string } {
  return { next: after ?? "" }
}

/** Deletes what has expired, `max` offsets at most. */
async function expireGroup(
  parts: Parts,
  name: string,
  max: number,
): Promise<{ readonly deleted: number; readonly more: boolean }> {
  const { ports, log, store, membership } = parts
  await membership.sweep(name)
  const { value: group, version, date } = await store.group(name)
  if (group === undefined || version === undefined) return NOTHING
  if (group.closing !== undefined) {
    await erase(parts, name, group.closing).catch(onlyInUse)
    return NOTHING
  }
  const { offsets } = await store.standingOffsets(name)
  const ids = [...new Set(offsets.map(({ topicId }) => topicId))]
  const names = await inParallel(ids, id => nameOf(log, id))
  const gone = new Set(ids.filter((_, index) => names[index] === undefined))
  const isExpired = (committed: number) => isLongEmpty(group, committed, date)
  const expired = offsets.filter(({ topicId, value }) => gone.has(topicId) || isExpired(value.committed))
  const deleted = await inParallel(expired.slice(0, max), ({ version: standing, ...at }) =>
    ports.meta.delete("meta", offsetKey(name, at), {
      condition: { version: standing },
      notAfter: notAfter(date),
    }),
  )
  const count = deleted.filter(({ outcome }) => outcome === "committed").length
  if (count === offsets.length && isExpired(0)) await erase(parts, name, "expired").catch(onlyInUse)
  return { deleted: count, more: expired.length > max }
}

function isLongEmpty({ members, emptySince }: Group, committed: number, date: number): boolean {
  if (members.length > 0 || emptySince === undefined) return false
  return date > Math.max(emptySince, committed) + OFFSETS_RETENTION_MS
}

function onlyInUse(error: unknown): void {
  if (!(error instanceof LogError) || error.code !== "group_in_use") throw error
}

/** Forgets a group without members: throws `unknown_group`, `group_in_use`, `outcome_unknown`. */
export async function deleteGroup(parts: Parts, name: string): Promise<void> {
  const { value: group } = await parts.store.group(name)
  // One that was cut short is carried through.
  if (group === undefined || group.closing === "expired") throw unknownGroup(name)
  await checkUnused(parts.store, parts.membership, name)
  await erase(parts, name, "deleted")
}

/**
 * Marked first, so that who needs the group meanwhile, and puts an offset of it, takes the mark back. Where the group has only
 * expired, no offset is deleted here: one that stands was committed just now.
 */
async function erase({ ports, store }: Parts, name: string, closing: "deleted" | "expired"): Promise<void> {
  await store.change(name, async ({ value: group }) => {
    if (group === undefined || group.closing === closing) return undefined
    if (group.members.length > 0) throw inUse(name)
    const marked = { ...group, epoch: group.epoch + 1, closing }
    return { group: marked, steps: [], result: undefined }
  })
  const { value: group, version, date } = await store.group(name)
  if (version === undefined) return
  if (group?.closing !== closing) throw inUse(name)
  const { offsets } = await store.standingOffsets(name)
  if (closing === "expired" && offsets.length > 0) return store.ensure(name)
  await inParallel(offsets, at => ports.meta.delete("meta", offsetKey(name, at)))
  const left = await store.standingOffsets(name)
  const outcome = left.offsets.length > 0 ? "unknown" : await store.forget(name, version, date)
  if (outcome === "refused") throw inUse(name)
  if (outcome === "unknown") throw new LogError("outcome_unknown", `group ${name} may or may not be deleted`)
}

function inUse(name: string): LogError {
  return new LogError("group_in_use", `group ${name} is being used again`)
}
