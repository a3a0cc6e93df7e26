import type { DeadLetters, RedriveResult } from "../shared/api/auth/types.ts"
import { ApiError } from "../shared/api/errors.ts"
import { SharedQueries } from "../shared/serving/query/shared-queries.ts"
import { kinesisJournal } from "../shared/storage/aws/journal.ts"
import type { Journal } from "../shared/storage/journal.ts"
import { apiJobs } from "./runtime/api-jobs.ts"
import type { Base } from "./runtime/base.ts"
import { type Home, openHome } from "./runtime/home.ts"
import type { HttpEvent } from "./runtime/http-event.ts"
import type { HttpResult } from "./runtime/http-result.ts"
import { httpServed } from "./runtime/http-served.ts"
import { lambda, type Served } from "./runtime/lambda.ts"
import type { Settings } from "./runtime/settings.ts"

type ApiSettings = Settings<"MILLRACE_MAINTAIN_FUNCTION">

/** Everything but SQL over HTTP. */
export function createApiFunction(base: Base<ApiSettings>, journal?: Journal): Served<HttpEvent, HttpResult> {
  const home = openHome(base)
  const jobs = apiJobs(home)
  const queries = new SharedQueries(home.ports)
  const served = httpServed(home, {
    jobs: jobs.service,
    sql: {
      query: async () => Promise.reject(new ApiError("not_offered", "SQL is another function's")),
      running: owner => queries.list(owner),
      cancel: (id, owner) => queries.cancel(id, owner),
    },
    deadLetters: deadLettersOf(home),
    ...(journal === undefined ? {} : { journal }),
  })
  return {
    ...served,
    async idle() {
      await Promise.all([jobs.idle(), served.idle?.()])
    },
  }
}

/** Counted and tried again by `maintain`, which alone may read the queue. */
function deadLettersOf({ cloud, settings }: Home<ApiSettings>): DeadLetters {
  const ask = async (max: number) =>
    (await cloud.invoker.invoke(settings.MILLRACE_MAINTAIN_FUNCTION, { redrive: { max } })) as RedriveResult
  return {
    count: async () => (await ask(0)).remaining,
    redrive: ask,
  }
}

export const handler = lambda("api", ["MILLRACE_MAINTAIN_FUNCTION", "MILLRACE_AUTHENTICATION"], base => {
  const { MILLRACE_STREAM: stream } = base.settings
  const { ports, ledger } = base
  const journal = stream === undefined ? undefined : kinesisJournal({ stream, clock: ports.clock, ledger })
  return createApiFunction(base, journal)
})
