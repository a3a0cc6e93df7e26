import { expect } from "vitest"
import type { Answer, Call } from "../client.ts"

export const JSON_TYPE = { "content-type": "application/json" }
export const NDJSON = { "content-type": "application/x-ndjson" }
export const BATCHES = { "content-type": "application/vnd.millrace.batches" }

/** What every reply is compared by: all of it but what a carrier adds for itself. */
export function seen({ status, headers, text }: Answer) {
  const told = ["content-type", "location", "allow", "retry-after", "www-authenticate", "cache-control"]
  const own = [...headers].filter(([name]) => told.includes(name) || name.startsWith("millrace-"))
  return { status, headers: Object.fromEntries(own), body: parsed(text) }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}

interface Extra {
  readonly code?: number
  readonly headers?: Readonly<Record<string, string>>
  readonly [figure: string]: unknown
}

/** An error's whole reply; `figures` go on with it. */
export const refused = (
  status: number,
  reason: string,
  message: unknown,
  { code = status, headers = {}, ...figures }: Extra = {},
) => ({
  status,
  headers: { ...JSON_TYPE, ...headers },
  body: { error_code: code, message, reason, ...figures },
})

export const answered = (status: number, body: unknown, headers = {}) => ({
  status,
  headers: { ...JSON_TYPE, ...headers },
  body,
})

export const matching = (pattern: RegExp) => expect.stringMatching(pattern)

export const UNAUTHENTICATED = { code: 40101, headers: { "www-authenticate": 'Bearer realm="millrace"' } }

export type Ask = (target: string, call?: Call) => Promise<ReturnType<typeof seen>>

export interface Tests {
  /** With the key that may do everything. */
  readonly ask: Ask
  readonly as: (key: string | undefined) => Ask
  readonly keyFor: (...scopes: string[]) => Promise<string>
  readonly url: () => string
  /** Makes segments of tables' tails and keeps them in shape, where the carrier can be told to. */
  readonly build?: (...tables: string[]) => Promise<void>
}
