import { createHash } from "node:crypto"
import { existsSync } from "node:fs"
import { resolve } from "node:path"
import type { AppDefinition } from "../definition/app-definition.ts"
import { canonicalJson, deepFreeze } from "../definition/canonical.ts"
import type { CheckExpression } from "../definition/expression.ts"
import { at, DefinitionError, shown } from "../definition/faults.ts"
import { DEFAULT_STAGE, type Resolution, settleResolution } from "../definition/resolve.ts"
import { digestOf } from "../definition/stored.ts"
import { EvaluationError } from "./errors.ts"
import { type ChildRun, EVALUATION_MS_MAX, runChild } from "./run-child.ts"

export interface EvaluateOptions {
  /** Whose quantities count. Default `dev`. */
  readonly stage?: string
  /** Checks the SQL of columns and conditions; without it SQL goes unchecked. */
  readonly checkExpression?: CheckExpression
  /** How long each evaluation may take. Default `EVALUATION_MS_MAX`. */
  readonly timeoutMs?: number
}

/** The first Node that loads TypeScript by itself: major and minor. */
const NODE_MIN = [22, 18] as const

interface Loaded {
  /** The app file and what it imports, packages left out: absolute paths, for a watcher, also after a failure. */
  readonly imports: readonly string[]
  /** What the app file printed. */
  readonly printed: string
}

export interface Evaluated extends Loaded {
  readonly definition: AppDefinition
  /** SHA-256 over the definition's canonical JSON, in hexadecimal. */
  readonly digest: string
}

export interface NotEvaluated extends Loaded {
  /** One error with everything that is known to be wrong. */
  readonly error: EvaluationError | DefinitionError
}

/**
 * Evaluates an app file twice, each time in a fresh process without clock, randomness, environment and network, and
 * accepts only what came out alike.
 * @param file path of the app file, relative to the working folder
 */
export async function evaluateApp(
  file: string,
  options: EvaluateOptions = {},
): Promise<Evaluated | NotEvaluated> {
  const path = resolve(file)
  if (!existsSync(path)) {
    return {
      error: new EvaluationError("not_found", "there is no such file", { file: path }),
      imports: [path],
      printed: "",
    }
  }
  // The command has seen to it already; a CDK project runs whatever Node it likes.
  if (!stripsTypes(process.versions.node)) {
    const message = `app files need Node >= ${NODE_MIN.join(".")}; this is ${process.versions.node}`
    return { error: new EvaluationError("old_node", message, { file: path }), imports: [path], printed: "" }
  }
  const task = { file: path, stage: options.stage ?? DEFAULT_STAGE }
  const timeoutMs = options.timeoutMs ?? EVALUATION_MS_MAX
  const [first, second] = await Promise.all([runChild(task, timeoutMs), runChild(task, timeoutMs)])
  const broken = [first, second].find(run => run instanceof EvaluationError)
  if (broken !== undefined) return { error: broken, imports: [path], printed: "" }
  return judge(path, first as ChildRun, second as ChildRun, options)
}

/** Whether a version of Node, `24.1.0`, is at least `NODE_MIN`. */
export function stripsTypes(version: string): boolean {
  const [major = 0, minor = 0] = version.split(".").map(Number)
  return major > NODE_MIN[0] || (major === NODE_MIN[0] && minor >= NODE_MIN[1])
}

async function judge(
  file: string,
  first: ChildRun,
  second: ChildRun,
  options: EvaluateOptions,
): Promise<Evaluated | NotEvaluated> {
  const imports = [...new Set([file, ...first.report.imports, ...second.report.imports])]
  const loaded: Loaded = { imports, printed: first.printed }
  const failure = first.report.failure ?? second.report.failure
  if (failure !== undefined) {
    const where = { file, ...(failure.at === undefined ? {} : { at: failure.at }) }
    return { error: new EvaluationError("load_failed", failure.message, where), ...loaded }
  }
  const resolutions = [first.report.resolution, second.report.resolution] as [Resolution, Resolution]
  const difference = differenceOf(resolutions)
  if (difference !== undefined) {
    return { error: new EvaluationError("not_deterministic", difference, { file }), ...loaded }
  }
  try {
    const definition = deepFreeze(await settleResolution(resolutions[0], options.checkExpression))
    return { definition, digest: digestOf(definition, sha256), ...loaded }
  } catch (error) {
    if (error instanceof DefinitionError) return { error, ...loaded }
    throw error
  }
}

function differenceOf([first, second]: readonly [Resolution, Resolution]): string | undefined {
  const [one, two] = [sha256(canonicalJson(first)), sha256(canonicalJson(second))]
  if (one === two) return undefined
  const path = firstDifference(first.definition, second.definition, "") ?? "its mistakes"
  return `gives another definition each time it is read: ${path}`
}

/** The first path at which two values differ, and how. */
function firstDifference(one: unknown, two: unknown, path: string): string | undefined {
  if (canonicalJson(one) === canonicalJson(two)) return undefined
  if (typeof one !== "object" || typeof two !== "object" || one === null || two === null) {
    return `${path} is ${shown(one)}, then ${shown(two)}`
  }
  const isList = Array.isArray(one)
  for (const key of new Set([...Object.keys(one), ...Object.keys(two)])) {
    const [left, right] = [(one as Record<string, unknown>)[key], (two as Record<string, unknown>)[key]]
    const found = firstDifference(left, right, at(path, isList ? Number(key) : key))
    if (found !== undefined) return found
  }
  return undefined
}

function sha256(text: string): string {
  return createHash("sha256").update(text).digest("hex")
}
