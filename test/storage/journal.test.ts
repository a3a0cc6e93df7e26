import { join } from "node:path"
import { openLocalJournal } from "../../shared/storage/local/open-journal.ts"
import { localRandom } from "../../shared/storage/local/random.ts"
import { memoryJournal } from "../../shared/storage/memory/journal.ts"
import { journalContract } from "./contract-journal.ts"
import { temporaryFolder } from "./support.ts"
import { readAvailable } from "./support-journal.ts"

for (const shards of [1, 3]) {
  journalContract(`memory, ${shards} shards`, async () => {
    const journal = memoryJournal({ shards })
    return {
      journal,
      taken: async () => journal.shards.flatMap(shard => journal.read(shard)),
      close: async () => {},
    }
  })
}

for (const fileBytesMax of [undefined, 2_000]) {
  journalContract(`local, files of ${fileBytesMax ?? "16 MiB"}`, async () => {
    const folder = join(temporaryFolder(), "journal")
    const journal = await openLocalJournal(folder, { random: localRandom(), fileBytesMax })
    return { journal, taken: () => readAvailable(journal), close: () => journal.close() }
  })
}
