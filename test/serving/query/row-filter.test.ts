import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { type OpenService, openService } from "./fixture.ts"
import { eventTables } from "./pinot-fixture.ts"

let service: OpenService
let direct: OpenService
beforeAll(() => {
  service = openService({ tables: eventTables(), children: 1 })
  direct = openService({ tables: eventTables(), children: 1, direct: true })
})
afterAll(() => Promise.all([service.close(), direct.close()]))

const own = (table: string) => (table === "events" ? "kind = 'a'" : undefined)
const ask = (sql: string) => service.ask(sql, {}, { rowFilter: own })

/** Kinds are a, b, c, a, b: of the five events ids 0 and 3 are there. */
describe("a row filter stands above every scan:", () => {
  test.each([
    ["SELECT id FROM events ORDER BY id", [[0], [3]]],
    ["SELECT count(*) FROM events", [[2]]],
    ['SELECT max(id), sum(ms), min("day") FROM events', [[3, 278_100_000, "19700101"]]],
    ["SELECT id FROM events WHERE kind = 'b' OR 1 = 1 ORDER BY id", [[0], [3]]],
    ["SELECT id FROM events WHERE NOT (kind = 'a')", []],
    ["SELECT count(*) FROM events x JOIN events y ON true", [[4]]],
    ["SELECT count(*) FROM events x FULL JOIN pinot_events y ON x.id = y.id", [[5]]],
    ["SELECT id FROM pinot_events WHERE id NOT IN (SELECT id FROM events) ORDER BY id", [[1], [2], [4]]],
    ["SELECT (SELECT count(*) FROM events), (SELECT max(id) FROM events WHERE kind <> 'a')", [[2, null]]],
    ["WITH e AS (SELECT * FROM events) SELECT count(*) FROM e", [[2]]],
    ["WITH events AS (SELECT * FROM events) SELECT count(*) FROM events", [[2]]],
    ["WITH events AS (SELECT 7 AS id, 'b' AS kind) SELECT id FROM events", [[7]]],
    ["WITH kind AS (SELECT 1) SELECT count(*) FROM events, kind", [[2]]],
    ["SELECT 'a' AS kind, count(*) FROM events GROUP BY events.kind", [["a", 2]]],
    ["SELECT count(*) FROM (SELECT 'a' AS kind FROM events UNION ALL SELECT kind FROM events)", [[4]]],
    ["SELECT id FROM pinot_events EXCEPT SELECT id FROM events ORDER BY 1", [[1], [2], [4]]],
    [
      "SELECT x.id FROM pinot_events x, LATERAL (SELECT id FROM events y WHERE y.id = x.id) z ORDER BY 1",
      [[0], [3]],
    ],
    [
      "SELECT id, count(*) OVER () FROM events ORDER BY id",
      [
        [0, 2],
        [3, 2],
      ],
    ],
    ["SELECT count(*) FROM events TABLESAMPLE 100%", [[2]]],
    ["FROM events SELECT count(*)", [[2]]],
    ["SELECT COUNTMV(tags), DISTINCTCOUNT(kind) FROM events", [[3, 1]]],
    [
      "SELECT tags, count(*) FROM events GROUP BY tags ORDER BY tags",
      [
        ["w", 1],
        ["x", 1],
        ["y", 1],
      ],
    ],
    ["SET pinotCompat=true; SELECT COUNT(*), MAX(id) FROM events", [[2, 3]]],
    [
      "WITH RECURSIVE r AS (SELECT id FROM events UNION ALL SELECT r.id + 1 FROM r, events e WHERE r.id < 1) SELECT count(*) FROM r",
      [[4]],
    ],
  ])("%s", async (sql, rows) => {
    const answer = await ask(sql)
    expect(answer.message).toBe("")
    expect(answer.rows).toEqual(rows)
  })

  test.each([
    ["SELECT count(*), sum(ms), max(id) FROM events", [[2, 278_100_000, 3]], true],
    ["SELECT id FROM events WHERE kind = 'b' OR id >= 0 ORDER BY id", [[0], [3]], true],
    ["SELECT kind, count(*) FROM events WHERE NOT (kind = 'c') GROUP BY kind", [["a", 2]], true],
    ["SELECT min(id) FROM events WHERE kind IN ('b', 'c')", [[null]], true],
    ["SELECT e.kind FROM events e WHERE e.id = 1", [], true],
    [
      "SELECT 'b' AS kind, id FROM events WHERE kind = 'a' ORDER BY id",
      [
        ["b", 0],
        ["b", 3],
      ],
      false,
    ],
    ["SELECT count(*) FROM events x JOIN events y ON true", [[4]], false],
  ])("also in process: %s", async (sql, rows, isDirect) => {
    const answer = await direct.ask(sql, {}, { rowFilter: own })
    expect(answer.message).toBe("")
    expect(answer.rows).toEqual(rows)
    expect(answer.reply).toMatchObject({ rlsFiltersApplied: true })
    const forced = await direct.ask(sql, { engine: "direct" }, { rowFilter: own })
    expect(forced.code).toBe(isDirect ? undefined : 700)
    expect(JSON.stringify(answer.reply)).not.toContain("cost")
  })

  test("for each caller his own, one after the other", async () => {
    for (const sql of ["SELECT count(*) FROM events", "WITH x AS (SELECT 1) SELECT count(*) FROM events"]) {
      const counts = []
      for (const kind of ["a", "c", "z"]) {
        const rowFilter = () => `kind = '${kind}'`
        counts.push((await service.ask(sql, {}, { rowFilter })).rows)
      }
      counts.push((await service.ask(sql)).rows)
      expect(counts, sql).toEqual([[[2]], [[1]], [[0]], [[5]]])
    }
  })
})

describe("a statement that fails tells nothing of rows that are not there:", () => {
  test.each([
    // Of all rows, these fail over kinds b and c.
    [
      "SELECT count(*) FROM events WHERE CASE WHEN kind = 'a' THEN true ELSE error('found ' || kind) END",
      [[2]],
    ],
    ["SELECT count(*) FROM events WHERE CAST(replace(kind, 'a', '1') AS INTEGER) = 1", [[2]]],
    ["SELECT count(*) FROM events WHERE CAST(replace(kind, 'a', '1') AS INTEGER) = 1 AND id >= 0", [[2]]],
    ["SELECT sum(CAST(replace(kind, 'a', '1') AS INTEGER)) FROM events", [[2]]],
    [
      "SELECT count(*) FROM events x JOIN pinot_events y ON CAST(replace(x.kind, 'a', '1') AS INT) = y.id",
      [[2]],
    ],
    [
      "WITH e AS (SELECT CAST(replace(kind, 'a', '1') AS INT) AS n FROM events) SELECT count(*) FROM e WHERE n = 1",
      [[2]],
    ],
    ["SELECT max(CASE WHEN id IN (0, 3) THEN 1 ELSE error('row ' || id) END) FROM events", [[1]]],
    [
      "SELECT count(*) FROM (SELECT * FROM events ORDER BY CAST(replace(kind, 'a', '1') AS INT)) LIMIT 1",
      [[2]],
    ],
  ])("%s", async (sql, rows) => {
    const answer = await ask(sql)
    expect(answer.message).toBe("")
    expect(answer.rows).toEqual(rows)
  })

  test.each([
    ["SELECT CAST(kind AS INTEGER) FROM events"],
    ["SELECT error(kind) FROM events"],
    ["SELECT sum(CAST(doc AS INTEGER)) FROM events"],
  ])("nor does its message tell a value: %s", async sql => {
    const answer = await ask(sql)
    expect(answer).toMatchObject({ code: 200, message: "The query failed while it ran" })
    expect((await ask("SELECT count(*) FROM events")).rows).toEqual([[2]])
  })

  test("nor does a filter that fails over them", async () => {
    const rowFilter = () => "CAST(kind AS INTEGER) = 1"
    const answer = await service.ask("SELECT count(*) FROM events", {}, { rowFilter })
    expect(answer).toMatchObject({ code: 200, message: "The query failed while it ran", rows: undefined })
  })

  test("and a filter over a column that the table lacks lets nothing through", async () => {
    const rowFilter = () => "member_id = 7"
    const answer = await service.ask("SELECT count(*) FROM events", {}, { rowFilter })
    expect(answer).toMatchObject({ code: 710, rows: undefined })
  })
})

test("figures are of the answer alone", async () => {
  const { reply } = await ask("SELECT id FROM events WHERE id > 0")
  expect(reply).toMatchObject({
    numDocsScanned: 1,
    totalDocs: 1,
    numSegmentsQueried: 0,
    numSegmentsProcessed: 0,
    rlsFiltersApplied: true,
    numServersQueried: 1,
    numServersResponded: 1,
  })
  expect(JSON.stringify(reply)).not.toContain("cost")
  const open = await service.ask("SELECT id FROM events WHERE id > 0")
  expect(open.reply).toMatchObject({ totalDocs: 5, rlsFiltersApplied: false })
})

test.each([
  ["EXPLAIN SELECT * FROM events"],
  ["EXPLAIN ANALYZE SELECT * FROM events"],
  ["SELECT * FROM events AT (VERSION => 1)"],
  ["SELECT rowid FROM events"],
  ["SELECT file_row_number FROM events"],
  ['SELECT "$offset" FROM events'],
  ["SELECT filename FROM events"],
  ["SELECT stats(kind) FROM events"],
  ["SUMMARIZE events"],
  ["SELECT * FROM main.events"],
  ["SELECT * FROM parquet_metadata('s0000.parquet')"],
])("is no way around it: %s", async sql => {
  const answer = await ask(sql)
  expect(answer.rows).toBeUndefined()
  expect(answer.code).not.toBeUndefined()
  expect((await ask("SELECT count(*) FROM events")).rows).toEqual([[2]])
})
