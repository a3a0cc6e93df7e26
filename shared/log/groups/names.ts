import { utf8Length } from "../../storage/utf8.ts"
import { LogError } from "../errors.ts"
import { assignors, isAssignor } from "./assignors/index.ts"
import {
  NAME_LENGTH_MAX,
  OFFSET_METADATA_BYTES_MAX,
  REBALANCE_MS_MAX,
  SESSION_MS_MAX,
  SESSION_MS_MIN,
  SUBSCRIBED_TOPICS_MAX,
} from "./limits.ts"
import { topicPattern } from "./topic-pattern.ts"
import type { Heartbeat, Subscription } from "./types.ts"

/** Names are part of items' keys, which have at most 1,024 bytes: printable ASCII and blanks between. */
const NAME = new RegExp(`^[!-~](?:[ -~]{0,${NAME_LENGTH_MAX - 2}}[!-~])?$`)
/** What is between names in an item's key. */
const NAME_EXPECTED = `expected 1 to ${NAME_LENGTH_MAX} printable ASCII characters, no blank first or last`

function fault(path: string, expected: string): LogError {
  return new LogError("invalid_group", `${path}: ${expected}`, { detail: { path } })
}

/** Throws `invalid_group`, as all here. */
export function checkGroupName(group: string): void {
  checkName("group", group)
}

export function checkMemberName(member: string): void {
  checkName("member", member)
}

function checkName(path: string, name: string): void {
  if (!NAME.test(name)) throw fault(path, `${NAME_EXPECTED}, got ${JSON.stringify(name.slice(0, 40))}`)
}

function checkInteger(path: string, value: number, min: number, max: number): void {
  if (Number.isSafeInteger(value) && value >= min && value <= max) return
  throw fault(path, `expected an integer from ${min} to ${max}, got ${value}`)
}

export function checkHeartbeat(beat: Heartbeat): void {
  checkGroupName(beat.group)
  checkMemberName(beat.member)
  checkInteger("memberEpoch", beat.memberEpoch, 0, Number.MAX_SAFE_INTEGER)
  if (beat.instanceId !== undefined) checkName("instanceId", beat.instanceId)
  if (beat.subscription !== undefined) checkSubscription(beat.subscription)
  else if (beat.memberEpoch === 0) throw fault("subscription", "expected when joining")
  if (beat.assignor !== undefined && !isAssignor(beat.assignor)) {
    throw fault(
      "assignor",
      `expected ${Object.keys(assignors).join(", ")}, got ${JSON.stringify(beat.assignor)}`,
    )
  }
  const { sessionTimeoutMs, rebalanceTimeoutMs } = beat
  if (sessionTimeoutMs !== undefined)
    checkInteger("sessionTimeoutMs", sessionTimeoutMs, SESSION_MS_MIN, SESSION_MS_MAX)
  if (rebalanceTimeoutMs !== undefined)
    checkInteger("rebalanceTimeoutMs", rebalanceTimeoutMs, 1_000, REBALANCE_MS_MAX)
}

function checkSubscription(subscription: Subscription): void {
  if ("pattern" in subscription) return void topicPattern(subscription.pattern)
  const { length } = subscription.topics
  if (length === 0 || length > SUBSCRIBED_TOPICS_MAX) {
    throw fault("subscription.topics", `expected 1 to ${SUBSCRIBED_TOPICS_MAX} names, got ${length}`)
  }
}

export function checkMetadata(metadata: string): void {
  const bytes = utf8Length(metadata)
  if (bytes <= OFFSET_METADATA_BYTES_MAX) return
  throw fault("metadata", `expected at most ${OFFSET_METADATA_BYTES_MAX} bytes, got ${bytes}`)
}

export function checkOffset(offset: number): void {
  checkInteger("offset", offset, 0, Number.MAX_SAFE_INTEGER)
}
