import { notAfter } from "../../storage/not-after.ts"
import type { Ports } from "../../storage/time.ts"
import { JOBS_PK } from "./job-codec.ts"
import { JobError } from "./job-error.ts"
import type { Jobs } from "./lifecycle.ts"
import { removedItem } from "./removed-jobs.ts"

/**
 * Forgets a job that no app names any more, and its savepoints; what it kept is deleted by and by, for which a note stays. Throws `JobError`
 * `unknown_job`, `wrong_state` (it is attached), `job_changing`, `outcome_unknown`.
 */
export async function removeJob(
  ports: Pick<Ports, "meta" | "random">,
  jobs: Jobs,
  name: string,
): Promise<void> {
  const { item, version, date } = await jobs.store.get(name)
  if (item.attached) {
    const expected = "expected one that no app names any more"
    throw new JobError("wrong_state", `job ${name} belongs to ${item.owner}: ${expected}`)
  }
  for (const { id } of await jobs.savepoints.list(item.id)) await jobs.savepoints.delete(item.id, id)
  const key = { pk: JOBS_PK, sk: name }
  const note = removedItem(item, date, ports.random.id())
  const answer = await ports.meta.transact(
    [
      { kind: "delete", table: "meta", key, condition: { version } },
      { kind: "put", table: "meta", item: note },
    ],
    { notAfter: notAfter(date), token: ports.random.id() },
  )
  if (answer.outcome === "committed") return
  if (answer.outcome === "refused") {
    throw new JobError("job_changing", `job ${name} is being changed; try again`)
  }
  throw new JobError("outcome_unknown", `job ${name} may or may not have been deleted`)
}
