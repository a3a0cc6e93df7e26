import { setTimeout as sleep } from "node:timers/promises"
import { Command } from "commander"
import { exitCodes, Failure } from "../failure.ts"
import { path, Server } from "../http.ts"
import { type Job, type JobSummary, jobText } from "../job-text.ts"
import { reaching, type ServerOptions } from "../options.ts"
import { print, say } from "../output.ts"
import { textTable } from "../text-table.ts"

interface JsonOption extends ServerOptions {
  readonly json?: boolean
}

/** A change is carried through within a second or two, if the server runs the job. */
const CHANGE_WAIT_MS_MAX = 30_000
const CHANGE_LOOK_MS = 200

async function list({ json, ...options }: JsonOption): Promise<void> {
  const { jobs } = await new Server(options).json<{ jobs: readonly JobSummary[] }>("/jobs")
  if (json) return await print(`${JSON.stringify(jobs)}\n`)
  const rows = jobs.map(({ name, state, changing, generation, reads, writes, trouble }) => [
    name,
    trouble === undefined ? state : `${state}, in trouble`,
    changing ?? "",
    String(generation),
    reads.join(" "),
    writes.join(" "),
  ])
  const names = ["job", "state", "changing", "generation", "reads", "writes"]
  await print(textTable(names, rows, [false, false, false, true, false, false]))
}

async function status(name: string, { json, ...options }: JsonOption): Promise<void> {
  const job = await new Server(options).json<Job>(path`/jobs/${name}`)
  await print(json ? `${JSON.stringify(job)}\n` : jobText(job))
}

/** Asks for a change and waits until it is carried through. */
async function steer(
  name: string,
  action: string,
  options: ServerOptions,
  body: object = {},
): Promise<JobSummary> {
  const server = new Server(options)
  const call = path`/jobs/${name}/`
  let job = hasMembers(body)
    ? await server.post<JobSummary>(call + action, body)
    : await server.json<JobSummary>(call + action, { method: "POST" })
  for (let waitedMs = 0; job.changing !== undefined; waitedMs += CHANGE_LOOK_MS) {
    if (waitedMs >= CHANGE_WAIT_MS_MAX) {
      throw new Failure(
        exitCodes.failed,
        `The ${job.changing} of job ${name} is asked for, and not done yet.`,
      )
    }
    await sleep(CHANGE_LOOK_MS)
    job = await server.json<Job>(path`/jobs/${name}`)
  }
  return job
}

function hasMembers(body: object): boolean {
  return Object.keys(body).length > 0
}

async function pause(name: string, options: ServerOptions): Promise<void> {
  await steer(name, "pause", options)
  say(`Job ${name} is paused. \`millrace jobs resume ${name}\` lets it go on.`)
}

interface ResumeOptions extends ServerOptions {
  readonly skipMissing?: boolean
}

async function resume(name: string, { skipMissing, ...options }: ResumeOptions): Promise<void> {
  await steer(name, "resume", options, skipMissing === true ? { skip_missing: true } : {})
  const without = skipMissing === true ? ", without records that were deleted before it read them" : ""
  say(`Job ${name} goes on${without}.`)
}

interface SavepointOptions extends ServerOptions {
  readonly id?: string
}

async function savepoint(name: string, { id, ...options }: SavepointOptions): Promise<void> {
  const body = id === undefined ? {} : { id }
  const made = await new Server(options).post<{ id: string }>(path`/jobs/${name}/savepoint`, body)
  await print(`${made.id}\n`)
  say(`Job ${name} is pinned as it is now. \`millrace jobs restore ${name} ${made.id}\` takes it back here.`)
}

const GIVEN_AGAIN = "Results that it has given since then stay in its topics, and are given again."

async function restore(name: string, id: string, options: ServerOptions): Promise<void> {
  await steer(name, "restore", options, { savepoint: id })
  say(`Job ${name} goes on from savepoint ${id}. ${GIVEN_AGAIN}`)
}

async function reset(name: string, options: ServerOptions): Promise<void> {
  await steer(name, "reset", options)
  say(`Job ${name} begins anew. Results that it has given stay in its topics, and are given again.`)
}

async function remove(name: string, options: ServerOptions): Promise<void> {
  await new Server(options).call(path`/jobs/${name}`, { method: "DELETE" })
  say(`Deleted job ${name}.`)
}

const json = ["--json", "print JSON"] as const

export function jobsCommand(): Command {
  const jobs = new Command("jobs").description("See jobs, and steer them.")
  const one = (name: string, description: string) =>
    reaching(jobs.command(name)).description(description).argument("<job>")
  reaching(jobs.command("list"))
    .description("Print all jobs and their states.")
    .option(...json)
    .action(list)
  one("status", "Print a job's state, how far its tasks are, and why it stopped.")
    .option(...json)
    .action(status)
  one("pause", "Stop a job; its state and positions are kept.").action(pause)
  one("resume", "Let a paused or failed job go on from where it stopped.")
    .option(
      "--skip-missing",
      "pass over records that were deleted before the job read them; they are counted",
    )
    .action(resume)
  one("savepoint", "Pin a job's state as it is now, and print the savepoint's id.")
    .option("--id <id>", "what to call it (default: an id of its own)")
    .action(savepoint)
  one("restore", `Take a job back to a savepoint. ${GIVEN_AGAIN}`).argument("<savepoint>").action(restore)
  one("reset", "Begin a job anew, without state. Its results stay, and are given again.").action(reset)
  one("delete", "Forget a job that no app names any more, and its state.").action(remove)
  return jobs
}
