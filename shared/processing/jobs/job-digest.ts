import { createHash } from "node:crypto"
import { canonicalJson } from "../../definition/canonical.ts"
import type { JobDefinition } from "../../definition/job/job-definition.ts"
import { graphText } from "../../definition/plan-job.ts"

/**
 * What a generation runs, as one text: SHA-256 over operators, uids, windows, state shapes and the job's version. Another
 * one needs a new generation.
 */
export function jobDigest(definition: JobDefinition): string {
  const text = canonicalJson({ graph: graphText(definition), version: definition.version })
  return createHash("sha256").update(text).digest("hex")
}
