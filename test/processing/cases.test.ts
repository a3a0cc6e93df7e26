import { readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { describe, expect, test } from "vitest"
import { JobTestError, type TestJob, testJob } from "../../shared/processing/test-driver/index.ts"
import { input, jobOf, output, second, Words } from "./case-jobs.ts"

// The case table: what the operators do, rule by rule. README.md beside the cases says how they are written.

interface Case {
  readonly name: string
  readonly job: string
  readonly lines: readonly (readonly [word: string, rest: string])[]
}

const folder = join(import.meta.dirname, "cases")

function casesOf(file: string): readonly Case[] {
  const text = readFileSync(join(folder, file), "utf8")
  return text
    .split(/^rule: /m)
    .slice(1)
    .map(block => {
      const [name = "", ...rest] = block.split("\n").filter(line => line !== "" && !line.startsWith("#"))
      const lines = rest.map(line => {
        const colon = line.indexOf(":")
        return [line.slice(0, colon), line.slice(colon + 1).trim()] as const
      })
      const [first, ...others] = lines
      if (first?.[0] !== "job") throw new Error(`${file}: expected "job:" after "rule: ${name}"`)
      return { name, job: first[1], lines: others }
    })
}

const EVENT = /^(?:(b):)?(\w+)@(-?\d+)=(.*?)(?:#(\d+))?$/
const TIME = /^(wm|idle|end)(?::(\w+))?(?:#(\d+))?(?:=(-?\d+))?$/

/** Events that come as one batch are joined by `&`. */
function pushed(job: TestJob, token: string): boolean {
  const events = token.split("&").map(part => EVENT.exec(part))
  if (events.includes(null)) return false
  const records = events.flatMap(event => {
    if (event === null) return []
    const [, topic, k = "", time, value = "", partition] = event
    const v = /^-?\d+$/.test(value) ? Number(value) : value
    const options = { timestamp: Number(time), partition: Number(partition ?? 0) }
    return [{ to: topic === "b" ? second : input, event: { k, v }, options }]
  })
  job.pushAll(
    records[0]?.to ?? input,
    records.map(({ event }) => event),
    (_event, index) => records[index]?.options ?? {},
  )
  return true
}

function act(job: TestJob, token: string): void {
  if (pushed(job, token)) return
  const time = TIME.exec(token)
  if (time !== null) {
    const [, what, topic, partition, to] = time
    const choice = { ...(topic && { topic }), ...(partition && { partition: Number(partition) }) }
    if (what === "wm") job.advanceWatermark(Number(to), choice)
    else if (what === "idle") job.idle(choice)
    else job.end(choice)
    return
  }
  if (token === "commit") job.commit()
  else if (token === "kill") job.kill()
  else if (token.startsWith("clock=")) job.advanceClock(Number(token.slice(6)) - job.now)
  else throw new Error(`no such step: ${token}`)
}

/** What a job wrote, as the cases write it. */
function shown(job: TestJob, from: number): string[] {
  return job
    .outputs(output)
    .slice(from)
    .map(({ value, timestamp }) => {
      const { k, v, windowStart, windowEnd, ...rest } = value
      const window = windowStart === undefined ? "" : `[${windowStart},${windowEnd})`
      const more = Object.entries(rest).map(([name, of]) => `${name}:${of}`)
      return `${k}${window}=${[v ?? [], ...more].flat().join(",")}@${timestamp}`
    })
}

type Restarts = "none" | "after each step" | "after each step, committed"

/** Goes through a case; what it sees after each step that looks, as text. */
function run({ job: text, lines }: Case, restarts: Restarts) {
  const partitions = Number(new Words(text).after("partitions") ?? 1)
  const job = testJob(jobOf(text), { partitions: { in: partitions } })
  let seen = 0
  const found: [string, string][] = []
  for (const [line, rest] of lines) {
    const [word = "", step = ""] = line.split(" ")
    const tokens = rest === "" ? [] : rest.split(/\s+/)
    switch (word) {
      case "do":
        for (const token of tokens) {
          act(job, token)
          if (restarts === "after each step, committed") job.commit()
          if (restarts !== "none") job.kill()
        }
        break
      case "error":
        found.push([line, errorOf(() => act(job, step))])
        break
      case "out": {
        const all = shown(job, seen)
        seen += all.length
        // Keys of one moment come in any order.
        found.push([word, all.sort().join(" ")])
        break
      }
      default:
        found.push([line, look(job, line)])
    }
  }
  return found
}

function errorOf(action: () => void): string {
  try {
    action()
  } catch (error) {
    if (error instanceof JobTestError) return error.message.replace(/\n +/, " ")
    throw error
  }
  return "none"
}

function look(job: TestJob, word: string): string {
  const [what = "", ...args] = word.split(" ")
  switch (what) {
    case "side":
      return job
        .sideOutput(args[0] ?? "", args[1] ?? "")
        .map(({ record, timestamp }) => `${(record as { k?: string }).k ?? record}@${timestamp}`)
        .join(" ")
    case "dropped": {
      const { late, duplicate, expired, skipped } = job.counters
      const counts = Object.entries({ late, duplicate, expired, skipped }).filter(([, n]) => n > 0)
      return counts.map(([name, n]) => `${name}:${n}`).join(" ")
    }
    case "timers":
      return job
        .timers()
        .map(({ kind, time, key }) => `${key}${kind[0]}${time}`)
        .sort()
        .join(" ")
    case "state":
      return JSON.stringify(job.state(args[0] ?? "", args[1] ?? "")) ?? "none"
    case "watermark":
      return String(job.watermark)
    default:
      throw new Error(`nothing to look at: ${word}`)
  }
}

const expectedOf = ({ lines }: Case) =>
  lines
    .filter(([word]) => word !== "do")
    .map(([word, rest]) => [word, word === "out" ? rest.split(/\s+/).sort().join(" ") : rest])

describe.each(readdirSync(folder).filter(file => file.endsWith(".txt")))("%s", file => {
  describe.each(casesOf(file))("$name", each => {
    test("holds", () => expect(run(each, "none")).toEqual(expectedOf(each)))
    test("holds, killed at every point", () => expect(run(each, "after each step")).toEqual(expectedOf(each)))
    // Rows of updating streams come with commits: other commits are other rows. Idleness counts anew after a restart:
    // what waits in the log is not known yet.
    if (/^(?:aggregate|topN)|idleAfter/.test(each.job)) return
    test("holds, committed and killed at every point", () =>
      expect(run(each, "after each step, committed")).toEqual(expectedOf(each)))
  })
})
