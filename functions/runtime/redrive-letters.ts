import type { RedriveResult } from "../../shared/api/auth/types.ts"
import { redrive } from "../../shared/log/journal/redrive.ts"
import { readAgain } from "../../shared/storage/settle.ts"
import { type DeadLetter, deadLetterOf, type JournalLetter } from "./dead-letter.ts"
import type { Home } from "./home.ts"
import { readProcessFunctions } from "./job-wakes.ts"
import type { Invocation } from "./lambda.ts"
import type { ProcessEvent } from "./process-event.ts"
import { asError } from "./report.ts"
import type { Settings } from "./settings.ts"

type RedriveHome = Home<Settings<"MILLRACE_BUILD_FUNCTION">>

/** One letter is tried in less: an append is given up after 25 s. */
const LETTER_MS_MAX = 40_000
/** No letter is begun after it: who asked is behind a gateway that waits for 29 s, and asks again for what remains. */
export const REDRIVE_MS_MAX = 15_000

/**
 * Tries up to `max` dead letters again, one by one. What succeeds is removed from the queue; what fails comes back into
 * it by itself, after a while in which nobody is handed it.
 */
export async function redriveLetters(
  home: RedriveHome,
  max: number,
  invocation: Invocation,
): Promise<RedriveResult> {
  const { deadLetters } = home.cloud
  const { clock } = home.ports
  const giveUpAt = clock.elapsed() + REDRIVE_MS_MAX
  const hasTime = () => clock.elapsed() < giveUpAt && invocation.leftMs() > LETTER_MS_MAX
  let redriven = 0
  let failed = 0
  while (redriven + failed < max && hasTime()) {
    // One by one: those that were handed over and not tried would be nobody's for a while.
    const [message] = await deadLetters.receive(1)
    if (message === undefined) break
    if (await isRedriven(home, deadLetterOf(message.body))) {
      await deadLetters.remove(message.receipt)
      redriven++
    } else {
      failed++
    }
  }
  home.meter.count("RedriveFailed", failed)
  return { redriven, failed, remaining: Math.max(0, await deadLetters.count()) }
}

async function isRedriven(home: RedriveHome, letter: DeadLetter | undefined): Promise<boolean> {
  try {
    if (letter === undefined) {
      home.report.warn("a dead letter is neither a build's nor a job's nor a journal's")
      return false
    }
    if (letter.kind === "journal") return await isAppended(home, letter)
    if (letter.kind === "process") return await isWoken(home, letter.event)
    // Should it fail again, it comes back as a letter of its own.
    await home.cloud.invoker.invokeLater(home.settings.MILLRACE_BUILD_FUNCTION, letter.event)
    return true
  } catch (error) {
    home.report.error("a dead letter failed again", asError(error))
    return false
  }
}

/** A job that has no function any more needs no wake. */
async function isWoken({ cloud, settings, report }: RedriveHome, event: ProcessEvent): Promise<boolean> {
  const name = readProcessFunctions(settings).get(event.job)
  if (name === undefined) report.warn("a dead letter's job is gone", { job: event.job })
  else await cloud.invoker.invokeLater(name, event)
  return true
}

/** The object stays: the bucket's rule for `dead/` ends it. */
async function isAppended({ log, ports, report }: RedriveHome, letter: JournalLetter): Promise<boolean> {
  const { shard, sequence, key } = letter
  const read = await readAgain(ports, () => ports.objects.get(key))
  if (read === undefined) {
    report.warn("a dead letter's record is gone", { key })
    return false
  }
  const result = await redrive(log, { shard, sequence, data: read.body })
  if (result.outcome !== "failed") return true
  report.warn("a dead letter failed again", { key, fault: result.fault, message: result.message })
  return false
}
