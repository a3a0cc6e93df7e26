import * as z from "zod"
import { resolveApp } from "../../shared/definition/resolve.ts"

export const Flight = z.object({
  date: z.string(),
  delay: z.int(),
  distance: z.int().optional(),
  origin: z.string(),
  tags: z.array(z.string()).optional(),
})

/** Calls `topic`, `table` or `defineApp` as an app without a compiler would. */
export function untyped<A extends readonly never[], R>(make: (...args: A) => R): (...args: unknown[]) => R {
  return make as unknown as (...args: unknown[]) => R
}

/** The faults of an app as `path: message`. */
export function faultsOf(app: unknown, stage?: string): string[] {
  return resolveApp(app, stage).faults.map(({ path, message }) => `${path}: ${message}`)
}
