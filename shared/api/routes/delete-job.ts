import * as v from "valibot"
import { anyHeaders, nothing } from "../nothing.ts"
import { jobsOf } from "../offered.ts"
import { name } from "../parameters.ts"
import { route } from "../route.ts"

export const deleteJob = route({
  method: "DELETE",
  path: "/jobs/:job",
  id: "deleteJob",
  summary: "Forget a job that no app names any more",
  description: "Its state and savepoints go with it; what it gave out stays in its topics.",
  access: ({ job: name }) => [{ kind: "job", name, action: "admin" }],
  schemas: { path: v.strictObject({ job: name("job") }), query: nothing, headers: anyHeaders },
  answers: {
    204: { description: "The job is gone." },
    404: { description: "There is no such job." },
    409: { description: "An app names the job." },
  },
  async handle({ path }, context) {
    await jobsOf(context).remove(path.job)
    return { status: 204, headers: {}, body: "" }
  },
})
