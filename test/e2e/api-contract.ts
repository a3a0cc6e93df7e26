import { beforeAll, describe, expect } from "vitest"
import { type Call, callAt, withKey } from "./client.ts"
import { callers } from "./contract/callers.ts"
import { journal } from "./contract/journal.ts"
import { kafkaRest } from "./contract/kafka-rest.ts"
import { records } from "./contract/records.ts"
import { answered, seen, type Tests } from "./contract/replies.ts"
import { requests } from "./contract/requests.ts"
import { sql } from "./contract/sql.ts"
import { tables } from "./contract/tables.ts"

/** An API that is reached in some way, with the flights example deployed and a key that may do everything. */
export interface Carrier {
  readonly url: string
  readonly key: string
}

const PARTS = { callers, requests, records, sql, tables, kafkaRest, journal } as const
type Part = keyof typeof PARTS

const TITLES: Readonly<Record<Part, string>> = {
  callers: "who asks",
  requests: "what is asked",
  records: "records",
  sql: "SQL",
  tables: "tables",
  kafkaRest: "Kafka REST",
  journal: "journalled records",
}

/**
 * What clients may rely on, whatever carries the API: whole replies, status, headers and body.
 * @param open called once, before the first test
 * @param parts what of it; all but the journal's are the default, for not every deployment has one
 * @param build makes segments of tables at once, where the carrier can be told to
 */
export function apiContract(
  carrier: string,
  open: () => Carrier | Promise<Carrier>,
  parts: readonly Part[] = ["callers", "requests", "records", "sql", "tables", "kafkaRest"],
  build?: Tests["build"],
): void {
  describe(`the API, ${carrier}:`, () => {
    let at: Carrier
    const as =
      (key: string | undefined) =>
      async (target: string, call: Call = {}) =>
        seen(await callAt(at.url, target, withKey(call, key)))
    const ask = (target: string, call?: Call) => as(at.key)(target, call)
    const keyFor = async (...scopes: string[]): Promise<string> => {
      const { status, body } = await ask("POST /keys", { body: { name: "contract", scopes } })
      expect(status).toBe(201)
      return (body as { key: string }).key
    }

    beforeAll(async () => {
      at = await open()
      const made = await ask("POST /topics", { body: { name: "contract", partitions: 2 } })
      expect(made).toEqual(
        answered(
          201,
          { name: "contract", id: expect.any(String), partitions: 2, config: {} },
          { location: "/topics/contract" },
        ),
      )
    })

    const tests = { ask, as, keyFor, url: () => at.url, ...(build && { build }) }
    for (const part of parts) describe(TITLES[part], () => PARTS[part](tests))
  })
}
