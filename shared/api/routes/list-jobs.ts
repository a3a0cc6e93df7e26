import * as v from "valibot"
import { jobSummaryAnswer, summaryJson } from "../job-json.ts"
import { mediaTypes } from "../media-type.ts"
import { anyHeaders, nothing } from "../nothing.ts"
import { jobsOf } from "../offered.ts"
import { jsonReply } from "../reply.ts"
import { route } from "../route.ts"

export const listJobs = route({
  method: "GET",
  path: "/jobs",
  id: "listJobs",
  summary: "All jobs that the caller may read",
  access: "caller",
  schemas: { path: nothing, query: nothing, headers: anyHeaders },
  answers: {
    200: {
      description: "The jobs, by name.",
      content: { [mediaTypes.json]: v.object({ jobs: v.array(jobSummaryAnswer) }) },
    },
  },
  async handle({ access }, context) {
    const views = await jobsOf(context).list()
    const shown = views.filter(({ item }) => access.may({ kind: "job", name: item.name, action: "read" }))
    return jsonReply(200, { jobs: shown.map(summaryJson) })
  },
})
