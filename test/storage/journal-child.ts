// A process of its own whose files cannot grow for ever: fills a journal, says what a put that does not fit is called,
// and what is read afterwards.

import { openLocalJournal } from "../../shared/storage/local/open-journal.ts"
import { localRandom } from "../../shared/storage/local/random.ts"
import { readAvailable } from "./support-journal.ts"

const journal = await openLocalJournal(process.argv[2]!, { random: localRandom() })
const put = async (bytes: number) => {
  const [outcome] = await journal.put([{ key: "k", data: new Uint8Array(bytes).fill(1) }])
  return outcome
}
let taken = 0
for (;;) {
  const outcome = await put(100_000)
  if (outcome.outcome !== "committed") {
    const cause = outcome.cause as Error
    process.stdout.write(`${outcome.outcome} after ${taken}: ${cause.message}\n`)
    break
  }
  taken++
}
// A small one still fits where the large one was taken back.
process.stdout.write(`${(await put(10)).outcome}\n`)
const read = await readAvailable(journal)
process.stdout.write(`${read.length} ${read.at(-1)?.data.length}\n`)
await journal.close()
