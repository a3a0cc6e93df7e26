import { LogError } from "../../shared/log/errors.ts"
import { decodeRecords } from "../../shared/log/records/index.ts"
import type { Fetched, FetchRequest } from "../../shared/log/types.ts"
import { StorageError } from "../../shared/storage/errors.ts"
import { type ClientContext, rest } from "./log-clients.ts"
import type { Host } from "./log-hosts.ts"
import type { ReaderSpec } from "./log-scenario.ts"
import type { TruthPartition } from "./log-truth.ts"
import type { Prng } from "./prng.ts"

const decoder = new TextDecoder()

/** The id that a name has now, or undefined when it has none or nobody answers. */
export async function resolveTopic(
  context: ClientContext,
  host: Host,
  name: string,
): Promise<string | undefined> {
  const { hosts, answers } = context
  const called = await hosts.call(host, log => log.topic(name))
  if (called.state === "done") return called.value.id
  if (called.state === "failed") {
    const { error } = called
    const unknown = error instanceof LogError && error.code === "unknown_topic"
    const fault = unknown ? answers.missingFault(name) : unavailableOnly(error)
    if (fault !== undefined) hosts.violated(`topic ${name}: ${fault}`)
  }
  return undefined
}

/** What is wrong with an error, unless it is the store's not answering. */
export function unavailableOnly(error: unknown): string | undefined {
  return error instanceof StorageError && error.code === "unavailable" ? undefined : (error as Error).stack
}

/** Reads one partition now and then, tailing it or here and there, and holds every answer against the truth. */
export async function runReader(context: ClientContext, spec: ReaderSpec, prng: Prng): Promise<void> {
  const { hosts, scenario, answers } = context
  const { partitions } = scenario.topics.find(({ name }) => name === spec.topic)!
  const partition = prng.integer(partitions)
  let topicId: string | undefined
  let offset = 0
  for (let done = 0; done < spec.fetches && !context.stopping(); done++) {
    const host = await hosts.pick(prng)
    if (topicId === undefined || prng.chance(0.1)) {
      const found = await resolveTopic(context, host, spec.topic)
      if (found !== topicId) offset = 0
      topicId = found
    }
    if (topicId !== undefined) {
      const truth = answers.truth.of(topicId, partition)
      if (!spec.tails) offset = prng.chance(0.3) ? 0 : prng.integer(truth.end + 1)
      if (prng.chance(0.2)) await checkOffsets(context, host, truth)
      if (prng.chance(0.1)) await checkTopicById(context, host, topicId)
      const maxBytes = prng.pick([1, 300, 5_000, 1_000_000])
      const waitMs = prng.chance(0.5) ? 0 : prng.magnitude(10, 60_000)
      const fetched = await fetchChecked(context, host, truth, { offset, maxBytes, waitMs })
      if (fetched !== undefined) offset = fetched.nextOffset
    }
    await rest(context, prng)
  }
}

/** A topic is found by its id until somebody asks for its deletion. */
async function checkTopicById({ hosts, answers }: ClientContext, host: Host, id: string): Promise<void> {
  const known = answers.truth.topics.get(id)!
  const called = await hosts.call(host, log => log.topicById(id))
  if (called.state === "done") {
    if (called.value.id !== id || called.value.name !== known.name) hosts.violated(`topic ${id} is another`)
  } else if (called.state === "failed") {
    const { error } = called
    const deleted = error instanceof LogError && error.code === "topic_deleted" && known.marked
    const fault = deleted ? undefined : unavailableOnly(error)
    if (fault !== undefined) hosts.violated(`topic ${id}: ${fault}`)
  }
}

/** The end that is told is neither behind what was told before nor ahead of what stands. */
async function checkOffsets(context: ClientContext, host: Host, truth: TruthPartition): Promise<void> {
  const { hosts, answers } = context
  const told = truth.endTold
  const called = await hosts.call(host, log => log.offsets(truth.topicId, truth.partition))
  if (called.state !== "done") return
  const { beginningOffset, endOffset, lastStableOffset } = called.value
  const isPurged = answers.truth.topics.get(truth.topicId)?.closed === true && beginningOffset === endOffset
  if (
    (beginningOffset !== 0 && !isPurged) ||
    lastStableOffset !== endOffset ||
    endOffset < told ||
    endOffset > truth.end
  ) {
    hosts.violated(
      `offsets of ${truth.where}: ${JSON.stringify(called.value)}, end is ${told} to ${truth.end}`,
    )
  }
  truth.endTold = Math.max(truth.endTold, endOffset)
}

/** Fetches once; undefined when the process died, or refused for a reason that is allowed. */
export async function fetchChecked(
  context: ClientContext,
  host: Host,
  truth: TruthPartition,
  request: FetchRequest,
): Promise<Fetched | undefined> {
  const { hosts, answers } = context
  const told = truth.endTold
  const called = await hosts.call(host, log => log.fetch(truth.topicId, truth.partition, request))
  if (called.state === "lost") return undefined
  const asked = `fetch of ${truth.where} from ${request.offset} in ${host.process.label}`
  if (called.state === "failed") {
    const { error } = called
    const deleted = error instanceof LogError && error.code === "topic_deleted"
    const marked = answers.truth.topics.get(truth.topicId)?.marked === true
    const isPurged =
      error instanceof LogError &&
      error.code === "offset_out_of_range" &&
      answers.truth.topics.get(truth.topicId)?.closed === true
    const said = isPurged ? undefined : unavailableOnly(error)
    const fault = deleted ? (marked ? undefined : "topic_deleted, and it was not") : said
    if (fault !== undefined) hosts.violated(`${asked}: ${fault}`)
    return undefined
  }
  const fault = fetchFault(called.value, truth, request, told)
  if (fault !== undefined) hosts.violated(`${asked}: ${fault}`)
  truth.endTold = Math.max(truth.endTold, called.value.endOffset)
  return called.value
}

/** What is wrong with an answer. `told`: the end that somebody knew before the fetch began. */
export function fetchFault(
  fetched: Fetched,
  truth: TruthPartition,
  { offset }: FetchRequest,
  told: number,
): string | undefined {
  const { batches, nextOffset, endOffset } = fetched
  if (endOffset < told) return `ends at ${endOffset}, ${told} had been told before`
  if (endOffset > truth.end) return `ends at ${endOffset}, the partition at ${truth.end}`
  if (batches.length === 0 && offset < endOffset) return `nothing, and the end is ${endOffset}`
  let at = offset
  for (const [index, batch] of batches.entries()) {
    const begins = index === 0 ? batch.baseOffset <= offset : batch.baseOffset === at
    if (!begins || batch.nextOffset <= at) return `batch ${batch.baseOffset}–${batch.nextOffset} at ${at}`
    let record = batch.baseOffset
    for (const { offset: its, value } of decodeRecords(batch.bytes)) {
      const text = decoder.decode(value!)
      if (its !== record || text !== truth.values[record]) {
        return `offset ${its} (${record}) holds ${text}, stored is ${truth.values[record]}`
      }
      record++
    }
    if (record !== batch.nextOffset) return `batch ${batch.baseOffset} ends at ${record}`
    at = record
  }
  return nextOffset === at ? undefined : `goes on at ${nextOffset} instead of ${at}`
}
