/**
 * Takes a failed write of lmdb's. The reason of a commit that failed (a full disk, say) is in a promise beside the
 * error, rejected in the same step: nobody else takes it, and a rejection that nobody takes ends the process.
 *
 * @returns the reason where there is one, else the error itself
 */
export async function failureOf(error: unknown): Promise<unknown> {
  if (!(error instanceof Error && "commitError" in error && error.commitError instanceof Promise))
    return error
  // Should lmdb ever leave it pending, whoever waits for the write must not wait with it.
  return await Promise.race([error.commitError.catch((reason: unknown) => reason), nextTurn(error)])
}

function nextTurn(error: unknown): Promise<unknown> {
  return new Promise(resolve => setImmediate(() => resolve(error)))
}
