import { appendToJournal, type JournalledEntry } from "../../shared/log/journal/door.ts"
import type { AppendPart, TopicInfo } from "../../shared/log/types.ts"
import {
  ackedBefore,
  type ClientContext,
  drawValues,
  encodedBatch,
  recordSource,
  rest,
} from "./log-clients.ts"
import type { Attempt, AttemptOutcome, Op } from "./log-history.ts"
import type { Host } from "./log-hosts.ts"
import type { ClientSpec, TopicPlan } from "./log-scenario.ts"
import type { Prng } from "./prng.ts"
import type { Called } from "./sim-task.ts"

const PATIENCE_MS_MAX = 60_000
const CODECS = ["none", "none", "gzip"] as const

interface Sent {
  readonly op: Op
  readonly part: AppendPart
}

/** Sends records to the journal's door, each request once: what is not acknowledged may stand, once. */
export async function runJournalClient(
  context: ClientContext,
  spec: ClientSpec,
  topic: TopicPlan,
  prng: Prng,
): Promise<void> {
  const { hosts } = context
  const last = new Map<number, Op>()
  const underWay = new Set<Promise<unknown>>()
  for (let done = 0; done < spec.operations && !context.stopping(); done++) {
    const parts = prng.chance(0.3) ? topic.partitions : 1
    const first = prng.integer(topic.partitions)
    const sent = Array.from({ length: parts }, (_, index) =>
      drawPart(context, topic, parts === 1 ? first : index, last, prng),
    )
    const answered = request(context, await hosts.pick(prng), topic.name, sent)
    underWay.add(answered)
    void answered.then(() => underWay.delete(answered))
    if (underWay.size >= spec.window) {
      await hosts.within(Promise.race(underWay), prng.magnitude(1_000, PATIENCE_MS_MAX))
    }
    await rest(context, prng)
  }
}

function drawPart(
  context: ClientContext,
  topic: TopicPlan,
  partition: number,
  last: Map<number, Op>,
  prng: Prng,
): Sent {
  const { answers, world } = context
  const values = drawValues(context, prng, answers.history.ops.length)
  const any = prng.chance(0.2)
  const after = any ? undefined : ackedBefore(last.get(partition))
  const op = answers.history.op({
    topic: topic.name,
    partition: any ? "any" : partition,
    count: values.length,
    dishonest: false,
    firstAt: world.now,
    ...(after && { after }),
  })
  if (!any) last.set(partition, op)
  if (any || prng.chance(0.6)) return { op, part: { partition: op.partition, records: recordSource(values) } }
  const batch = encodedBatch(values, world.now, undefined, prng.pick(CODECS))
  return { op, part: { partition, batch } }
}

/** One request, answered when the journal has its records. */
async function request(
  { hosts, answers, journal }: ClientContext,
  host: Host,
  topic: string,
  sent: readonly Sent[],
): Promise<void> {
  const attempts = sent.map(({ op }) => answers.history.begin(op, host.process.label))
  const called = await hosts.call(host, async (log, process) => {
    const info: TopicInfo = await log.topic(topic)
    for (const { op } of sent) op.topicId = info.id
    const parts = sent.map(({ part }) => part)
    return appendToJournal(log, journal!.portOf(process), info, parts)
  })
  for (const [index, attempt] of attempts.entries()) note(answers, attempt, called, index)
}

function note(
  answers: ClientContext["answers"],
  attempt: Attempt,
  called: Called<readonly JournalledEntry[]>,
  index: number,
): void {
  const end = (outcome: AttemptOutcome, code = "") => answers.history.end(attempt, outcome, code)
  if (called.state === "lost") end("unknown", "lost")
  else if (called.state === "failed") answers.failed(attempt, called.error)
  else {
    const entry = called.value[index]
    if (entry === undefined) answers.history.violated("an entry is not answered")
    else if ("position" in entry) {
      attempt.op.position = entry.position
      end("acked")
      // What the journal has refused it never takes.
    } else end(entry.error.code === "outcome_unknown" ? "unknown" : "refused", entry.error.code)
  }
}
