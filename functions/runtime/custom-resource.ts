/** What is read of CloudFormation's request to a custom resource. */
export interface ResourceRequest {
  readonly RequestType: "Create" | "Update" | "Delete"
  readonly ResponseURL: string
  readonly StackId: string
  readonly RequestId: string
  readonly LogicalResourceId: string
  /** Absent in `Create`. */
  readonly PhysicalResourceId?: string
  /** All values are text. */
  readonly ResourceProperties: Readonly<Record<string, unknown>>
}

export type Outcome = { readonly status: "SUCCESS" } | { readonly status: "FAILED"; readonly reason: string }

/** CloudFormation's bound of an answer. */
const ANSWER_BYTES_MAX = 4096
const CUT = "\n… (cut; the function's log has the whole)"
/** CloudFormation waits up to an hour for an answer that does not come: it is worth some tries. */
const ANSWER_TRIES = 4
const ANSWER_PAUSE_MS = 100
const ANSWER_MS_MAX = 10_000

/** The answer's body. A reason that is too long is cut, at its end: it begins with what matters. */
export function answerText(request: ResourceRequest, physicalId: string, outcome: Outcome): string {
  const { StackId, RequestId, LogicalResourceId } = request
  const text = (Reason?: string) =>
    JSON.stringify({
      Status: outcome.status,
      ...(Reason === undefined ? {} : { Reason }),
      PhysicalResourceId: physicalId,
      StackId,
      RequestId,
      LogicalResourceId,
    })
  if (outcome.status === "SUCCESS") return text()
  const { reason } = outcome
  if (Buffer.byteLength(text(reason)) <= ANSWER_BYTES_MAX) return text(reason)
  let fits = 0
  for (let step = 2 ** Math.floor(Math.log2(reason.length)); step >= 1; step /= 2) {
    const tried = fits + step
    if (tried > reason.length) continue
    if (Buffer.byteLength(text(reason.slice(0, tried).toWellFormed() + CUT)) <= ANSWER_BYTES_MAX) fits = tried
  }
  return text(reason.slice(0, fits).toWellFormed() + CUT)
}

/** Answers CloudFormation. The URL is a secret of its own kind: it is never told. Rejects when nobody takes the answer. */
export async function answerRequest(
  url: string,
  text: string,
  sleep: (ms: number) => Promise<void>,
): Promise<void> {
  // As bytes: text would get a content type, which the URL's signature does not know.
  const body = Buffer.from(text)
  for (let tries = 1; ; tries++) {
    const status = await fetch(url, { method: "PUT", body, signal: AbortSignal.timeout(ANSWER_MS_MAX) }).then(
      response => response.status,
      (error: Error) => error.name,
    )
    if (typeof status === "number" && status < 300) return
    if (tries === ANSWER_TRIES) throw new Error(`CloudFormation did not take the answer: ${status}`)
    await sleep(ANSWER_PAUSE_MS * 2 ** tries)
  }
}
