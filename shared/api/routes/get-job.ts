import * as v from "valibot"
import { jobAnswer, jobJson } from "../job-json.ts"
import { mediaTypes } from "../media-type.ts"
import { anyHeaders, nothing } from "../nothing.ts"
import { jobsOf } from "../offered.ts"
import { name } from "../parameters.ts"
import { jsonReply } from "../reply.ts"
import { route } from "../route.ts"

export const getJob = route({
  method: "GET",
  path: "/jobs/:job",
  id: "getJob",
  summary: "A job: its state, how far its tasks are, and why it stopped",
  access: ({ job: name }) => [{ kind: "job", name, action: "read" }],
  schemas: { path: v.strictObject({ job: name("job") }), query: nothing, headers: anyHeaders },
  answers: {
    200: { description: "The job.", content: { [mediaTypes.json]: jobAnswer } },
    404: { description: "There is no such job." },
  },
  async handle({ path }, context) {
    return jsonReply(200, jobJson(await jobsOf(context).get(path.job)))
  },
})
