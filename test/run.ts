import { spawn } from "node:child_process"
import { mkdtempSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { ministackPython } from "../localstack/venv.ts"

// Runs every test project, one after the other (they share two cores), and ends with what was skipped and why.

/** Seconds that each project may take, and with them all of `npm test`. */
const BUDGET_SECONDS = { unit: 160, contract: 30, simulation: 165, e2e: 275 } as const
/** Enough for an assertion's difference, a seed and where it stands. */
const FAILURE_CHARACTERS_MAX = 2_000
type Project = keyof typeof BUDGET_SECONDS

interface Assertion {
  readonly fullName: string
  readonly status: string
  readonly failureMessages?: readonly string[]
  readonly meta?: { readonly skipped?: string }
}

interface Report {
  readonly numPassedTests: number
  readonly numFailedTests: number
  readonly testResults: readonly {
    readonly name: string
    readonly message?: string
    readonly assertionResults: readonly Assertion[]
  }[]
}

interface Outcome {
  readonly project: Project
  readonly seconds: number
  readonly exitCode: number
  readonly report: Report | undefined
}

function run(project: Project, folder: string, passOn: readonly string[]): Promise<Outcome> {
  const file = join(folder, `${project}.json`)
  const vitest = join(import.meta.dirname, "..", "node_modules", "vitest", "vitest.mjs")
  const report = ["--reporter=default", "--reporter=json", `--outputFile.json=${file}`]
  const args = [vitest, "run", "--project", project, "--passWithNoTests", ...report, ...passOn]
  const began = performance.now()
  return new Promise(resolve => {
    const child = spawn(process.execPath, args, { stdio: ["ignore", "inherit", "inherit"] })
    child.on("exit", code => {
      const seconds = (performance.now() - began) / 1000
      resolve({ project, seconds, exitCode: code ?? 1, report: readReport(file) })
    })
  })
}

function readReport(file: string): Report | undefined {
  try {
    return JSON.parse(readFileSync(file, "utf8")) as Report
  } catch {
    return undefined
  }
}

function tell(outcomes: readonly Outcome[], installed: number): void {
  const lines = ["", "project      seconds  budget  passed  failed"]
  if (installed > 1)
    lines.unshift(
      "",
      `The emulator of AWS was installed beside the unit tests, in ${installed.toFixed(1)} s.`,
    )
  let passed = 0
  let failed = 0
  let skipped = 0
  const reasons: string[] = []
  for (const { project, seconds, report, exitCode } of outcomes) {
    const figures = [
      seconds.toFixed(1),
      BUDGET_SECONDS[project],
      report?.numPassedTests,
      report?.numFailedTests,
    ]
    lines.push(`${project.padEnd(12)} ${figures.map(figure => String(figure ?? "-").padStart(7)).join(" ")}`)
    if (seconds > BUDGET_SECONDS[project]) lines.push(`  over its budget of ${BUDGET_SECONDS[project]} s`)
    passed += report?.numPassedTests ?? 0
    failed +=
      report === undefined || (exitCode !== 0 && report.numFailedTests === 0) ? 1 : report.numFailedTests
    for (const { name, assertionResults } of report?.testResults ?? []) {
      for (const { fullName, status, meta } of assertionResults) {
        if (status === "passed" || status === "failed") continue
        skipped++
        const reason = meta?.skipped ?? fullName.match(/\[skipped: (.+?)\]/)?.[1] ?? "no reason given"
        reasons.push(`  ${name.replace(`${process.cwd()}/`, "")}: ${fullName} (${reason})`)
      }
    }
  }
  lines.push("", skipped === 0 ? "Nothing was skipped." : "Skipped:", ...reasons)
  const failures = outcomes.flatMap(({ report }) => describeFailures(report))
  if (failures.length > 0) lines.push("", "Failed:", ...failures)
  lines.push("", `${passed} passed, ${failed} failed, ${skipped} skipped`)
  process.stdout.write(`${lines.join("\n")}\n`)
}

/** Once more at the end, where a reader of a long log's tail looks. */
function describeFailures(report: Report | undefined): string[] {
  return (report?.testResults ?? []).flatMap(({ name, message, assertionResults }) => {
    const file = name.replace(`${process.cwd()}/`, "")
    const failed = assertionResults.filter(({ status }) => status === "failed")
    if (failed.length === 0 && message) return [`  ${file}: ${message.slice(0, FAILURE_CHARACTERS_MAX)}`]
    return failed.map(({ fullName, failureMessages }) => {
      const why = (failureMessages ?? []).join("\n").slice(0, FAILURE_CHARACTERS_MAX)
      return `  ${file}: ${fullName}\n    ${why.replaceAll("\n", "\n    ")}`
    })
  })
}

/** Installs the emulator of AWS that tests start where nothing else is named: once, kept under `.cache`. In seconds. */
async function installEmulator(): Promise<number> {
  const began = performance.now()
  if (process.env.AWS_ENDPOINT_URL === undefined) await ministackPython()
  return (performance.now() - began) / 1000
}

// Unit tests want none, and most of its installation is waiting.
const installing = installEmulator()
const folder = mkdtempSync(join(tmpdir(), "millrace-test-"))
const outcomes: Outcome[] = []
for (const project of Object.keys(BUDGET_SECONDS) as Project[]) {
  if (project !== "unit") await installing
  outcomes.push(await run(project, folder, process.argv.slice(2)))
}
rmSync(folder, { recursive: true })
tell(outcomes, await installing)
process.exitCode = outcomes.some(({ exitCode }) => exitCode !== 0) ? 1 : 0
