import { type ChildProcess, spawn } from "node:child_process"
import { extname } from "node:path"
import type { Readable } from "node:stream"
import { fileURLToPath } from "node:url"
import { EvaluationError } from "./errors.ts"
import { type EvaluationReport, type EvaluationTask, REPORT_FD } from "./report.ts"

/** A definition is data: what takes longer than this does not end, or does something else than define. */
export const EVALUATION_MS_MAX = 10_000
/** What is stored of a definition goes in transactions of at most 4 MB. */
export const REPORT_BYTES_MAX = 4_000_000
/** Enough to debug an app file by printing, too little to flood a terminal. */
const PRINTED_BYTES_MAX = 64_000
/** A definition that needs more is building something else than data. */
const HEAP_MB_MAX = 512
/**
 * A fifth of what a child takes would go into optimizing what strips types (WebAssembly), and into clearing a small heap
 * again and again: it is over before either pays.
 */
const SHORT_LIVED = ["--liftoff-only", "--min-semi-space-size=16"]
/** How Node ends when a top-level await can never settle. */
const UNSETTLED_AWAIT_EXIT = 13

/** Beside this file, and source or compiled as it is. */
const CHILD = fileURLToPath(new URL(`child${extname(import.meta.url)}`, import.meta.url))

export interface ChildRun {
  readonly report: EvaluationReport
  /** What the app file printed. */
  readonly printed: string
}

/**
 * Evaluates an app file once, in a process of its own that may read files and nothing else.
 * @returns the report, or an `EvaluationError`: `timeout`, `too_large`, `crashed`
 */
export async function runChild(task: EvaluationTask, timeoutMs: number): Promise<ChildRun | EvaluationError> {
  const child = spawn(
    process.execPath,
    [
      "--permission",
      "--allow-fs-read=*",
      "--no-warnings",
      `--max-old-space-size=${HEAP_MB_MAX}`,
      ...SHORT_LIVED,
      CHILD,
      JSON.stringify(task),
    ],
    // UTC, so that text without an offset is one moment on every machine.
    { env: { TZ: "UTC" }, stdio: ["ignore", "pipe", "pipe", "pipe"] },
  )
  let timedOut = false
  const timer = setTimeout(() => {
    timedOut = true
    child.kill("SIGKILL")
  }, timeoutMs)
  try {
    const [reported, out, err, exitCode] = await Promise.all([
      collect(child.stdio[REPORT_FD] as Readable, REPORT_BYTES_MAX, () => child.kill("SIGKILL")),
      collect(child.stdout, PRINTED_BYTES_MAX),
      collect(child.stderr, PRINTED_BYTES_MAX),
      exitOf(child),
    ])
    if (timedOut) {
      const message = `did not load within ${timeoutMs / 1_000} s`
      return new EvaluationError("timeout", message, { file: task.file })
    }
    if (reported.full) {
      const message = `makes a definition of more than ${REPORT_BYTES_MAX} bytes`
      return new EvaluationError("too_large", message, { file: task.file })
    }
    if (reported.text === "") return crash(task, exitCode, err.text)
    return { report: JSON.parse(reported.text) as EvaluationReport, printed: out.text + err.text }
  } finally {
    clearTimeout(timer)
  }
}

function crash(task: EvaluationTask, exitCode: number | string, stderr: string): EvaluationError {
  const message =
    exitCode === UNSETTLED_AWAIT_EXIT
      ? "awaits something that never happens"
      : `ended its process (${exitCode}) before it was loaded`
  const said = stderr.trim()
  return new EvaluationError("crashed", said === "" ? message : `${message}:\n${said}`, { file: task.file })
}

function exitOf(child: ChildProcess): Promise<number | string> {
  return new Promise((resolve, reject) => {
    child.once("error", reject)
    child.once("close", (code, signal) => resolve(code ?? signal ?? "unknown"))
  })
}

/** Reads a stream to its end, keeping no more than `bytesMax`. */
async function collect(stream: Readable | null, bytesMax: number, onFull?: () => void) {
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of stream ?? []) {
    bytes += (chunk as Buffer).length
    if (bytes <= bytesMax) chunks.push(chunk as Buffer)
    else onFull?.()
  }
  return { text: Buffer.concat(chunks).toString("utf8"), full: bytes > bytesMax }
}
