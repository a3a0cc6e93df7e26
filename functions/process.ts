import { Faults } from "../shared/definition/faults.ts"
import type { Job } from "../shared/definition/job/job.ts"
import { resolveJob } from "../shared/definition/resolve-job.ts"
import { localJobCode } from "../shared/processing/task/local-job-code.ts"
import { createProcess } from "./process-runtime.ts"
import { lambda } from "./runtime/lambda.ts"
import { ownSecrets } from "./runtime/own-secrets.ts"

// Runs one job. Its code lies beside this module's bundle, in one of its own: `infra/bundling/jobs` makes it.

const { job } = (await import(new URL("job.mjs", import.meta.url).href)) as { job: Job | undefined }

function definitionOf(given: Job | undefined) {
  if (given === undefined) throw new Error("job.mjs: expected the code of a job, found none of that name")
  const faults = new Faults()
  const definition = resolveJob(given, faults)
  if (definition === undefined) throw new Error(`job ${given.name}: ${faults.list[0]?.message}`)
  return { job: given, definition }
}

const own = definitionOf(job)

export const handler = lambda("process", ["MILLRACE_TIMERS"], base =>
  createProcess(base, localJobCode(own.job, own.definition, ownSecrets(base))),
)
