import * as v from "valibot"
import { ApiError } from "./errors.ts"
import { FAULTS_MAX } from "./limits.ts"

export type Schema = v.GenericSchema

function fault(where: string, issue: v.BaseIssue<unknown>): string {
  const path = v.getDotPath(issue)
  const at = path === null ? where : `${where}.${path}`
  if (issue.type === "strict_object" && issue.expected === "never") return `${at}: is not known here`
  if (issue.kind === "schema" && issue.received === "undefined") {
    return `${at}: is missing, expected ${issue.expected ?? "a value"}`
  }
  // A schema's own sentence says what was expected; valibot's says the same with a capital letter.
  return `${at}: ${issue.message}`
}

/**
 * Checks one part of a request against its schema.
 * @param where the part's name, which begins every path: `path`, `query`, `headers`, `body`
 * @throws ApiError `invalid`, which lists every fault with its path
 */
export function validate<S extends Schema>(where: string, schema: S, input: unknown): v.InferOutput<S> {
  const result = v.safeParse(schema, input)
  if (result.success) return result.output
  const faults = result.issues.slice(0, FAULTS_MAX).map(issue => fault(where, issue))
  const more = result.issues.length - faults.length
  throw new ApiError("invalid", faults.join("; ") + (more > 0 ? `; and ${more} more` : ""))
}
