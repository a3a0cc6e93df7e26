import { afterAll, beforeAll, expect, test } from "vitest"
import { statement } from "./grammar.ts"
import { Seeded } from "./seeded.ts"
import { expectSame, type TwoEngines, twoEngines } from "./support.ts"
import { randomTables } from "./tables.ts"

/** Of each table. */
const STATEMENTS = 40

let engines: TwoEngines
beforeAll(() => {
  engines = twoEngines(randomTables())
})
afterAll(() => engines.close())

test.each(["tailed", "stored", "mixed", "indexed", "empty"])(
  "both engines answer statements over %s alike",
  async table => {
    const random = new Seeded(7 + table.length)
    let direct = 0
    for (let at = 0; at < STATEMENTS; at++) {
      const sql = statement(random, table)
      const answer = await engines.ask(sql, "direct")
      if (answer.exceptions[0]?.message.includes("the direct path cannot answer") === true) {
        continue
      }
      direct++
      expectSame(sql, answer, await engines.ask(sql, "duckdb"))
    }
    expect(direct).toBeGreaterThan(STATEMENTS / 2)
  },
)
