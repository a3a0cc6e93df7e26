import { CALLS_MAX } from "./limits.ts"

/** Works on all, `CALLS_MAX` at a time; results in their order. */
export async function inParallel<T, R>(all: readonly T[], work: (one: T) => Promise<R>): Promise<R[]> {
  const results = new Array<R>(all.length)
  let next = 0
  const worker = async () => {
    for (let index = next++; index < all.length; index = next++) results[index] = await work(all[index])
  }
  await Promise.all(Array.from({ length: Math.min(CALLS_MAX, all.length) }, worker))
  return results
}
