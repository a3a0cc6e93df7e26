import { deliver, type SetAside } from "../shared/log/journal/deliver.ts"
import { StorageError } from "../shared/storage/errors.ts"
import type { Base } from "./runtime/base.ts"
import { deadRecordKey, type JournalLetter } from "./runtime/dead-letter.ts"
import { endings, type Home, openHome } from "./runtime/home.ts"
import { deliveriesOf, type KinesisEvent } from "./runtime/kinesis-event.ts"
import { lambda, type Served } from "./runtime/lambda.ts"
import type { Settings } from "./runtime/settings.ts"

type Wanted = "MILLRACE_STREAM" | "MILLRACE_DEAD_LETTERS"

/**
 * Takes journalled records into the log. It throws on whatever may yet succeed: then the shard waits, and delivers the
 * same records again.
 */
export function createJournal(base: Base<Settings<Wanted>>): Served<KinesisEvent, void> {
  const home = openHome(base)
  const shardPrefix = `${base.settings.MILLRACE_STREAM}/`
  return {
    ...endings(home),
    async handle(event) {
      const delivered = await deliver(home.log, deliveriesOf(event), {
        shardPrefix,
        setAside: record => setAside(home, record),
      })
      const { meter, report } = home
      meter.count("JournalAppended", delivered.appended)
      meter.count("JournalDropped", delivered.dropped)
      meter.count("JournalSetAside", delivered.setAside)
      if (delivered.dropped + delivered.setAside > 0)
        report.warn("not all entries were appended", { ...delivered })
    },
  }
}

/** The record first, then the letter that tells of it: a letter never names what is not there. */
async function setAside({ ports, cloud }: Home, record: SetAside): Promise<void> {
  const { shard, sequence, data, fault, message } = record
  const key = deadRecordKey(shard, sequence)
  const put = await ports.objects.put(key, data)
  if (put.outcome !== "committed") {
    throw new StorageError("unavailable", `${key}: the record could not be set aside`, { cause: put })
  }
  const letter: JournalLetter = { kind: "journal", shard, sequence, key, fault, message }
  await cloud.deadLetters.send(JSON.stringify(letter))
}

export const handler = lambda("journal", ["MILLRACE_STREAM", "MILLRACE_DEAD_LETTERS"], createJournal)
