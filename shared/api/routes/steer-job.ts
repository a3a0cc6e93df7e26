import * as v from "valibot"
import { jsonBody } from "../body.ts"
import { jobSummaryAnswer, savepointAnswer, savepointJson, summaryJson } from "../job-json.ts"
import { mediaTypes } from "../media-type.ts"
import { anyHeaders, nothing } from "../nothing.ts"
import { jobsOf } from "../offered.ts"
import { name } from "../parameters.ts"
import { jsonReply } from "../reply.ts"
import { type Route, route } from "../route.ts"
import type { JobService } from "../types.ts"

const jobPath = v.strictObject({ job: name("job") })
const access = ({ job }: { readonly job: string }) => [{ kind: "job", name: job, action: "admin" } as const]

/** A route that changes how a job runs and takes no body. */
function steering(
  action: "pause" | "reset",
  summary: string,
  description: string,
  act: (jobs: JobService, name: string) => Promise<void>,
): Route {
  return route({
    method: "POST",
    path: `/jobs/:job/${action}`,
    id: `${action}Job`,
    summary,
    description,
    access,
    schemas: { path: jobPath, query: nothing, headers: anyHeaders },
    answers: {
      200: {
        description: "It is done, or under way: then `changing` says so.",
        content: { [mediaTypes.json]: jobSummaryAnswer },
      },
      404: { description: "There is no such job." },
      409: { description: "The job's state does not allow it, or another change is under way." },
    },
    async handle({ path }, context) {
      const jobs = jobsOf(context)
      await act(jobs, path.job)
      return jsonReply(200, summaryJson(await jobs.get(path.job)))
    },
  })
}

export const pauseJob = steering(
  "pause",
  "Pause a job",
  "Its tasks are sealed; their state is kept.",
  (jobs, job) => jobs.pause(job),
)

const resumeBody = v.strictObject({
  skip_missing: v.pipe(
    v.optional(v.boolean()),
    v.description(
      "Pass over records that were deleted before they were read, for the next 10 minutes; they are counted as `missed`.",
    ),
  ),
})

export const resumeJob = route({
  method: "POST",
  path: "/jobs/:job/resume",
  id: "resumeJob",
  summary: "Let a job go on",
  description: "From where a pause, or a fault, ended it.",
  access,
  schemas: { path: jobPath, query: nothing, headers: anyHeaders },
  body: {
    description: "Whether to skip what is missing, or nothing.",
    required: false,
    content: { [mediaTypes.json]: resumeBody },
  },
  answers: {
    200: {
      description: "It goes on.",
      content: { [mediaTypes.json]: jobSummaryAnswer },
    },
    404: { description: "There is no such job." },
    409: { description: "The job's state does not allow it, or another change is under way." },
  },
  async handle({ request, path }, context) {
    const jobs = jobsOf(context)
    const body = request.body.length > 0 ? jsonBody(request, resumeBody) : {}
    await jobs.resume(path.job, { skipMissing: body.skip_missing === true })
    return jsonReply(200, summaryJson(await jobs.get(path.job)))
  },
})

export const resetJob = steering(
  "reset",
  "Begin a job anew",
  "Without state, from its sources' starting offsets. Results that it gave stay, and are given again.",
  (jobs, job) => jobs.reset(job),
)

const savepointId = v.pipe(name("savepoint"), v.description("The savepoint's id."))

const savepointBody = v.strictObject({
  id: v.pipe(v.optional(savepointId), v.description("What to call it. Default: an id of its own.")),
})

export const savepointJob = route({
  method: "POST",
  path: "/jobs/:job/savepoint",
  id: "savepointJob",
  summary: "Pin a job's state as it is now",
  description: "The job goes on meanwhile.",
  access,
  schemas: { path: jobPath, query: nothing, headers: anyHeaders },
  body: {
    description: "Its id, or nothing.",
    required: false,
    content: { [mediaTypes.json]: savepointBody },
  },
  answers: {
    201: { description: "It is pinned.", content: { [mediaTypes.json]: savepointAnswer } },
    404: { description: "There is no such job." },
    409: { description: "There is a savepoint of this id, or the job is changing." },
  },
  async handle({ request, path }, context) {
    const { id } = request.body.length > 0 ? jsonBody(request, savepointBody) : {}
    return jsonReply(201, savepointJson(await jobsOf(context).savepoint(path.job, id)))
  },
})

const restoreBody = v.strictObject({ savepoint: savepointId })

export const restoreJob = route({
  method: "POST",
  path: "/jobs/:job/restore",
  id: "restoreJob",
  summary: "Take a job back to a savepoint",
  description: "Results that it gave since then stay in its topics, and are given again.",
  access,
  schemas: { path: jobPath, query: nothing, headers: anyHeaders },
  body: { description: "Which one.", required: true, content: { [mediaTypes.json]: restoreBody } },
  answers: {
    200: {
      description: "It is done, or under way: then `changing` says so.",
      content: { [mediaTypes.json]: jobSummaryAnswer },
    },
    404: { description: "There is no such job, or no such savepoint." },
    409: { description: "The savepoint does not fit the job as it is now, or another change is under way." },
  },
  async handle({ request, path }, context) {
    const jobs = jobsOf(context)
    const { savepoint } = jsonBody(request, restoreBody)
    await jobs.restore(path.job, savepoint)
    return jsonReply(200, summaryJson(await jobs.get(path.job)))
  },
})
