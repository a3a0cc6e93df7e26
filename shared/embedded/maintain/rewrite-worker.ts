// The thread in which segments are rewritten: decoding, sorting and encoding millions of rows would keep requests waiting.
import { parentPort } from "node:worker_threads"
import { tableCompanions } from "../../serving/builder/table-companions.ts"
import { type RewriteRequest, rewriteFiles } from "../../serving/maintain/rewrite-files.ts"
import type { MadeSegment } from "../../serving/segment/make-segment.ts"
import { StorageError } from "../../storage/errors.ts"
import { localRandom } from "../../storage/local/random.ts"

/** `corrupt`: a file is not what it should be; the thread lives on. */
export type RewriteReply =
  | { readonly kind: "made"; readonly made: MadeSegment | undefined }
  | { readonly kind: "corrupt"; readonly message: string }

const port = parentPort
if (port === null) throw new Error("rewrite-worker.ts: expected to be started as a thread")
const random = localRandom()
const tools = { random, companions: tableCompanions(random) }

async function answer(request: RewriteRequest): Promise<RewriteReply> {
  try {
    return { kind: "made", made: await rewriteFiles(request, tools) }
  } catch (error) {
    if (error instanceof StorageError && error.code === "corrupt")
      return { kind: "corrupt", message: error.message }
    // Whatever else it is ends the thread, and is told there.
    throw error
  }
}

port.on("message", async (request: RewriteRequest) => port.postMessage(await answer(request)))
