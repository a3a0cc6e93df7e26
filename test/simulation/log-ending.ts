import { LogError } from "../../shared/log/errors.ts"
import { slotKey } from "../../shared/log/slot.ts"
import { type ClientContext, send } from "./log-clients.ts"
import { opValues } from "./log-history.ts"
import type { Host } from "./log-hosts.ts"
import { fetchChecked } from "./log-readers.ts"
import type { TruthPartition } from "./log-truth.ts"
import type { Prng } from "./prng.ts"
import { WORLD_START } from "./world-core.ts"

const HOUR_MS = 3_600_000
/** Every answer of a store that works comes within this. */
const ANSWER_MS_MAX = 2 * 60_000
/** A flush that is undecided ends with its bound: half an hour, and the time to learn it. */
const CLOSE_MS_MAX = HOUR_MS
/** Sequences that are sent again must be younger than this to be known still. */
const REPEAT_AGE_MS_MAX = 20 * HOUR_MS
const REPEATS_MAX = 5
const DAMAGE_FETCH_BYTES = 1_000

/** Waits until `settled`, at most `ms` of virtual time; says what was not so, if it was not. */
async function waitUntil(
  context: ClientContext,
  ms: number,
  settled: () => boolean,
  what: () => string,
): Promise<void> {
  const { world, answers } = context
  const over = () => settled() || answers.history.violations.length > 0
  await world.run({ forMs: ms, until: over })
  if (!over()) answers.history.violated(what())
}

/** Until every process that stands still, and is not parked, has gone on. */
function thawMs({ world }: ClientContext): number {
  const frozen = Math.max(0, ...world.processes.map(({ frozenUntil }) => frozenUntil))
  return Math.max(0, frozen - (world.now - WORLD_START))
}

/**
 * No more faults: everything asked is answered in bounded time, every process can be closed, and a process that knows
 * nothing finds exactly what stands.
 */
export async function endRun(context: ClientContext, clientsDone: () => boolean, prng: Prng): Promise<void> {
  const { world, hosts, answers, scenario } = context
  const { history, truth } = answers
  world.calm()
  const slowMs = scenario.faults.slowMsMax + scenario.faults.lateMsMax
  await waitUntil(context, 100 * HOUR_MS + slowMs, clientsDone, () => "clients do not come to an end")
  hosts.stop()
  await waitUntil(
    context,
    thawMs(context) + slowMs + ANSWER_MS_MAX,
    () => history.open.size === 0,
    () => `appends are not answered: ${[...history.open].map(({ op, host }) => `op ${op.id} in ${host}`)}`,
  )
  // What the network still holds arrives.
  await world.run({ forMs: slowMs + HOUR_MS, until: () => history.violations.length > 0 })
  const { journal } = context
  if (journal !== undefined) {
    const drained = () => journal.drained
    await waitUntil(context, thawMs(context) + 100 * HOUR_MS, drained, () => "the journal is not delivered")
    journal.verify(key => truth.uploads.get(key)?.body)
    journal.stop()
  }
  const closing = new Set(hosts.living)
  for (const host of hosts.living) {
    void hosts
      .call(host, log => log.close())
      .then(called => {
        closing.delete(host)
        if (called.state === "failed") history.violated(`closing: ${(called.error as Error).stack}`)
      })
  }
  const unclosed = () => [...closing].map(({ process }) => process.label)
  await waitUntil(
    context,
    thawMs(context) + CLOSE_MS_MAX,
    () => closing.size === 0,
    () => `not closed: ${unclosed()}`,
  )
  const cold = hosts.start({ name: "verifier", skewMs: 0 }, { faults: false })
  let verified = false
  void verify(context, cold, prng).then(
    () => (verified = true),
    error => history.violated(`verifier: ${(error as Error).stack}`),
  )
  await waitUntil(
    context,
    HOUR_MS,
    () => verified,
    () => "the verifier does not come to an end",
  )
  if (scenario.damage) await checkDamage(context, [...truth.partitions.values()], prng)
}

async function verify(context: ClientContext, cold: Host, prng: Prng): Promise<void> {
  const { answers, world } = context
  const { history, truth } = answers
  await repeatSome(context, cold, prng)
  for (const topic of truth.topics.values()) {
    if (topic.marked) continue
    for (let partition = 0; partition < topic.partitions; partition++) {
      const id = history.ops.length
      const op = history.op({ topic: topic.name, partition, count: 1, dishonest: false, firstAt: world.now })
      const { outcome, code } = await send(context, cold, op, "records", opValues(id, 1, 10))
      if (outcome !== "acked") history.violated(`a last append to ${topic.name}/${partition}: ${code}`)
      const part = truth.of(topic.id, partition)
      for (let offset = 0; offset < part.end; ) {
        const fetched = await fetchChecked(context, cold, part, { offset, maxBytes: 5_000 })
        if (fetched === undefined || fetched.nextOffset <= offset) {
          return history.violated(`${part.where} cannot be read from ${offset}`)
        }
        offset = fetched.nextOffset
      }
      await checkTimestamp(context, cold, part, prng)
    }
  }
}

/** The first record at or after a time is found by it. */
async function checkTimestamp(
  { hosts }: ClientContext,
  cold: Host,
  { topicId, partition, timestamps, where }: TruthPartition,
  prng: Prng,
): Promise<void> {
  const timestamp = prng.pick(timestamps) + prng.integer(2)
  const found = await hosts.call(cold, log => log.offsetForTimestamp(topicId, partition, timestamp))
  const first = timestamps.findIndex(its => its >= timestamp)
  const expected = first < 0 ? timestamps.length : first
  if (found.state !== "done" || found.value !== expected) {
    const said = found.state === "done" ? found.value : found.state
    hosts.violated(`${where}: the first record from ${timestamp} on is ${expected}, said to be ${said}`)
  }
}

/** A cold process answers repeats as the first did, or knows at least that they stand. */
async function repeatSome(context: ClientContext, cold: Host, prng: Prng): Promise<void> {
  const { answers, world } = context
  const known = answers.history.ops.filter(
    op =>
      op.producer !== undefined &&
      !op.dishonest &&
      world.now - op.firstAt < REPEAT_AGE_MS_MAX &&
      op.attempts.some(({ outcome }) => outcome === "acked"),
  )
  for (let repeat = 0; repeat < REPEATS_MAX && known.length > 0; repeat++) {
    const op = prng.pick(known)
    // A value that differs from the first: were it stored again, it would show.
    const values = opValues(op.id, op.count, 30)
    await send(context, cold, op, "records", values)
  }
}

/** Takes away a slot amid others: whoever needs it says so, and no writer goes on behind the hole. */
async function checkDamage(context: ClientContext, partitions: TruthPartition[], prng: Prng): Promise<void> {
  const { world, hosts, answers } = context
  const { history, truth } = answers
  // What lies in segments is read from there.
  const amid = ({ slots, rolledEnd }: TruthPartition) =>
    slots.slice(1, -1).filter(({ base }) => base >= rolledEnd)
  const fit = partitions.filter(
    part => amid(part).length > 0 && truth.topics.get(part.topicId)?.marked === false,
  )
  if (fit.length === 0) return
  const part = prng.pick(fit)
  const above = amid(part).filter(({ base }) => base >= part.snapshotEnd)
  const gone = prng.pick(above.length > 0 ? above : amid(part))
  await world.stores.meta.delete("log", { pk: `${part.topicId}#${part.partition}`, sk: slotKey(gone.base) })
  const cold = hosts.start({ name: "after damage", skewMs: 0 }, { faults: false })
  const name = truth.topics.get(part.topicId)!.name
  const request = { offset: gone.base, maxBytes: DAMAGE_FETCH_BYTES }
  const fetched = hosts.call(cold, log => log.fetch(part.topicId, part.partition, request))
  let checked = false
  const judge = async () => {
    const called = await fetched
    const said =
      called.state === "failed" && called.error instanceof LogError ? called.error.code : called.state
    if (said !== "log_damaged")
      history.violated(`${part.where} lacks slot ${gone.base}; a fetch said ${said}`)
    if (above.length > 0) {
      const id = history.ops.length
      const { partition } = part
      const op = history.op({ topic: name, partition, count: 1, dishonest: false, firstAt: world.now })
      const before = history.violations.length
      const { outcome, code } = await send(context, cold, op, "records", opValues(id, 1, 10))
      history.violations.length = before
      if (code !== "log_damaged")
        history.violated(`${part.where} lacks slot ${gone.base}; an append said ${code || outcome}`)
    }
    checked = true
  }
  void judge()
  await waitUntil(
    context,
    HOUR_MS,
    () => checked,
    () => "damage: no answer",
  )
}
