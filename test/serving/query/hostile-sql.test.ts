import { existsSync } from "node:fs"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { type OpenService, openService } from "./fixture.ts"

let service: OpenService
beforeAll(() => {
  service = openService({})
})
afterAll(() => service.close())

async function expectNextWorks(): Promise<void> {
  expect((await service.ask("SELECT count(*) FROM flights")).rows).toEqual([[60]])
}

const SELECT_ONLY = /only SELECT statements are allowed/i
const NO_TABLE = /^TableDoesNotExistError/
const NO_FUNCTION = /^Unsupported function: /

describe("is refused:", () => {
  test.each([
    ["SELECT * FROM '/etc/passwd'", 190, NO_TABLE],
    ["SELECT * FROM 's0000.parquet'", 190, NO_TABLE],
    ['SELECT * FROM "t0000.parquet"', 190, NO_TABLE],
    ["SELECT * FROM 'https://example.com/x.parquet'", 190, NO_TABLE],
    [
      'WITH "/etc/passwd" AS (SELECT 1) SELECT * FROM "/etc/passwd"',
      700,
      /cannot name a common table expression/,
    ],
    ["WITH RECURSIVE x AS (SELECT * FROM x UNION ALL SELECT * FROM x) SELECT * FROM x", 190, NO_TABLE],
    ["WITH x AS (SELECT * FROM x) SELECT * FROM x", 190, NO_TABLE],
    ["SELECT (SELECT count(*) FROM sqlite_master)", 190, NO_TABLE],
    ["SELECT * FROM duckdb_tables", 190, NO_TABLE],
    ["SELECT * FROM information_schema.tables", 190, NO_TABLE],
    ["SELECT * FROM main.flights", 190, NO_TABLE],
    ["SELECT * FROM memory.main.flights", 190, NO_TABLE],
    ["SELECT * FROM pg_catalog.pg_class", 190, NO_TABLE],
    ["SELECT * FROM flights AT (VERSION => 1)", 700, /time travel/],
    ["SELECT * FROM read_text('/etc/passwd')", 700, NO_FUNCTION],
    ["SELECT * FROM read_csv('/etc/passwd')", 700, NO_FUNCTION],
    ["SELECT * FROM read_parquet('s0000.parquet')", 700, NO_FUNCTION],
    ["SELECT * FROM parquet_metadata('s0000.parquet')", 700, NO_FUNCTION],
    ["SELECT * FROM glob('*')", 700, NO_FUNCTION],
    ["SELECT * FROM main.glob('*')", 700, NO_FUNCTION],
    ["SELECT * FROM query('SELECT 1')", 700, NO_FUNCTION],
    ["SELECT * FROM query_table('flights')", 700, NO_FUNCTION],
    ["SELECT * FROM histogram('flights', delay)", 700, NO_FUNCTION],
    ["SELECT * FROM json_execute_serialized_sql('{}')", 700, NO_FUNCTION],
    ["SELECT * FROM duckdb_settings()", 700, NO_FUNCTION],
    ["SELECT * FROM duckdb_functions()", 700, NO_FUNCTION],
    ["SELECT * FROM pragma_version()", 700, NO_FUNCTION],
    ["SELECT * FROM enable_logging('x')", 700, NO_FUNCTION],
    ["SELECT current_setting('allowed_paths')", 700, NO_FUNCTION],
    ["SELECT getenv('HOME')", 700, NO_FUNCTION],
    ["SELECT getvariable('x')", 700, NO_FUNCTION],
    ["SELECT nextval('x')", 700, NO_FUNCTION],
    ["SELECT sleep_ms(100000)", 700, NO_FUNCTION],
    ["SELECT write_log('x')", 700, NO_FUNCTION],
    ["SELECT \"read_text\"('/etc/passwd')", 700, NO_FUNCTION],
    ["SELECT [getenv(x) FOR x IN ['HOME']]", 700, NO_FUNCTION],
    ["SELECT sum(delay) OVER (ORDER BY getenv('HOME')) FROM flights", 700, NO_FUNCTION],
    ["SELECT * FROM flights ORDER BY getenv('HOME') LIMIT getenv('X')", 700, NO_FUNCTION],
    ["SELECT * FROM flights JOIN flights g ON getenv('x') = 'y'", 700, NO_FUNCTION],
    ["SELECT * FROM range(getenv('HOME')::INT)", 700, NO_FUNCTION],
    ["SELECT * FROM flights PIVOT (getenv(delay) FOR origin IN ('a'))", 700, NO_FUNCTION],
    ["SELECT * REPLACE (getenv('HOME') AS delay) FROM flights", 700, NO_FUNCTION],
    ["SELECT COLUMNS(c -> getenv(c) = 'x') FROM flights", 700, NO_FUNCTION],
    ["VALUES (getenv('HOME'))", 700, NO_FUNCTION],
    ["SELECT $1", 700, /takes 1 parameters, got 0/],
    ["SELECT ?", 700, /takes 1 parameters, got 0/],
    ["SELECT $name", 700, /Unsupported parameter \$name/],
    ["SELECT $99999", 700, /expected \? or \$1 to \$1000/],
    ["COPY (SELECT 1) TO '/tmp/millrace-hostile'", 700, SELECT_ONLY],
    ["COPY (SELECT 1) TO 's0000.parquet' (USE_TMP_FILE false)", 700, SELECT_ONLY],
    ["ATTACH '/tmp/millrace-hostile' AS x", 700, SELECT_ONLY],
    ["INSTALL httpfs", 700, SELECT_ONLY],
    ["LOAD httpfs", 700, SELECT_ONLY],
    ["SET threads TO 9", 700, SELECT_ONLY],
    ["SET threads = 9", 150, /there is no statement/],
    ["SET VARIABLE x = 9", 700, SELECT_ONLY],
    ["PRAGMA disable_optimizer", 700, SELECT_ONLY],
    ["CREATE TABLE x AS SELECT 1", 700, SELECT_ONLY],
    ["CREATE MACRO abs(x) AS 1", 700, SELECT_ONLY],
    ["INSERT INTO flights VALUES (1)", 700, SELECT_ONLY],
    ["UPDATE flights SET delay = 1", 700, SELECT_ONLY],
    ["DROP VIEW flights", 700, SELECT_ONLY],
    ["CALL pragma_version()", 700, SELECT_ONLY],
    ["EXPORT DATABASE '/tmp/millrace-hostile'", 700, SELECT_ONLY],
    ["CHECKPOINT", 700, SELECT_ONLY],
    ["DESCRIBE flights", 700, SELECT_ONLY],
    ["SHOW TABLES", 700, SELECT_ONLY],
    ["SUMMARIZE flights", 700, SELECT_ONLY],
    ["SELECT * FROM (DESCRIBE flights)", 700, SELECT_ONLY],
    ["SELECT 1; DROP VIEW flights", 700, /found 2 statements/],
    ["SELECT '1\\'; DROP VIEW flights; --'", 700, /found 2 statements|SELECT/],
    ["SELECT 1 \0; DROP VIEW flights", 150, /NUL character at position 10/],
    ["SELECT '\ud800'", 150, /half of a surrogate pair/],
    [`SELECT '${"x".repeat(300_000)}'`, 700, /The statement is 300009 bytes long: expected at most 262144/],
    ["", 150, /there is no statement/],
    [";;;", 150, /there is no statement/],
    ["SELECT 1 /* ", 150, /unterminated/],
    ["SELECT $x$ 1", 150, /unterminated/],
  ])("%s", async (sql, code, message) => {
    const answer = await service.ask(sql)
    expect(answer.message).toMatch(message)
    expect(answer.code).toBe(code)
    expect(answer.rows).toBeUndefined()
    expect(existsSync("/tmp/millrace-hostile")).toBe(false)
  })

  test("and the next query works", expectNextWorks)
})

describe("is bounded:", () => {
  const recursion = "WITH RECURSIVE r AS (SELECT 1 AS a UNION ALL SELECT a + 1 FROM r)"
  // What grows without end meets the end of its time or of its memory, whichever comes first.
  test.each([
    ["an endless recursion", `${recursion} SELECT count(*) FROM r`, [250]],
    ["an endless recursion whose rows pile up", `${recursion} SELECT list(a) FROM r`, [250, 245]],
    ["a cross join", "SELECT count(*) FROM range(1000000000000) x, range(1000000000000) y", [250, 245]],
    ["a long series", "SELECT sum(x) FROM generate_series(1, 1000000000000) t(x)", [250]],
    ["a long text", "SELECT length(repeat('x', 1000000000)) FROM flights", [250, 245]],
    ["long texts in all rows", "SELECT max(repeat(origin, 400000000)) FROM flights", [250, 245]],
    ["a large list", "SELECT range(5000000)", [250, 245]],
    ["a long list", "SELECT list_sort(range(200000000))", [250, 245]],
    ["an aggregate of everything", "SELECT list(x) FROM range(1000000000000) t(x)", [250, 245]],
    [
      "a wide sort",
      "SELECT x, repeat('y', 1000) z FROM range(100000000) t(x) ORDER BY z, x LIMIT 99999",
      [250, 245],
    ],
  ])("%s", async (_, sql, codes) => {
    const answer = await service.ask(`SET timeoutMs = 150; ${sql}`)
    expect(codes).toContain(answer.code)
    expect(answer.rows).toBeUndefined()
    await expectNextWorks()
  })

  test.each([
    ["rows without end", "SELECT * FROM range(1000000000000) LIMIT 1000000000000", /more than 100000 rows/],
    [
      "rows of gigabytes",
      "SELECT repeat(origin, 10000) FROM flights, range(1000000) LIMIT 1000000",
      /larger than|Out of memory/,
    ],
    ["one large cell", "SELECT repeat('x', 5000000)", /larger than 4128768 bytes/],
    ["a large text of a parameter's", "SELECT repeat('é', 3000000)", /larger than 4128768 bytes/],
  ])("%s", async (_, sql, message) => {
    const answer = await service.ask(sql)
    expect(answer.message).toMatch(message)
    expect(answer.code).toBe(245)
    expect(answer.rows).toBeUndefined()
    await expectNextWorks()
  })

  test.each([
    ["parentheses", `SELECT ${"(".repeat(50_000)}1${")".repeat(50_000)}`],
    ["calls", `SELECT ${"abs(".repeat(20_000)}1${")".repeat(20_000)}`],
    ["subqueries", `SELECT * FROM ${"(SELECT * FROM ".repeat(5_000)}flights${")".repeat(5_000)}`],
    ["lists", `SELECT ${"[".repeat(50_000)}${"]".repeat(50_000)}`],
    ["unions", `SELECT 1${" UNION ALL SELECT 1".repeat(10_000)}`],
    ["expressions", `SELECT 1${" + 1".repeat(50_000)}`],
    ["casts", `SELECT 1${"::INT".repeat(40_000)}`],
    ["conditions", `SELECT 1 WHERE ${Array.from({ length: 10_000 }, (_, at) => `1 = ${at}`).join(" OR ")}`],
    ["members", `SELECT * FROM flights WHERE delay IN (${Array.from({ length: 10_000 }, (_, at) => at)})`],
    ["names", `WITH ${Array.from({ length: 5_000 }, (_, at) => `c${at} AS (SELECT 1)`).join(", ")} SELECT 1`],
    [
      "different conditions",
      `SELECT * FROM flights WHERE ${Array.from({ length: 10_000 }, (_, at) => `(delay > ${at} AND origin <> 'x${at}')`).join(" OR ")}`,
    ],
    [
      "texts",
      `SELECT * FROM flights WHERE origin IN (${Array.from({ length: 10_000 }, (_, at) => `'${at}'`)})`,
    ],
    ["parameters", `SELECT ${Array.from({ length: 10_000 }, () => "?")}`],
    ["functions of Pinot's", `SELECT ${"toEpochDays(".repeat(5_000)}1${")".repeat(5_000)}`],
    ["aggregates of Pinot's", `SELECT ${"MINMAXRANGE(".repeat(500)}delay${")".repeat(500)} FROM flights`],
    [
      "buckets",
      `SELECT ${"DATETIMECONVERT(".repeat(40)}1${", '1:MILLISECONDS:EPOCH', '1:MILLISECONDS:EPOCH', '5:HOURS', 'Asia/Tokyo')".repeat(40)}`,
    ],
    ["options", `SELECT 1 ${"OPTION(a=1,b='2') ".repeat(10_000)}`],
    ["halves of options", `SELECT 1 ${"OPTION(a=1,".repeat(20_000)}`],
    ["settings", `${"SET a=1;".repeat(20_000)} SELECT 1`],
    [
      "formats",
      `SELECT DATETIMECONVERT(1, '1:DAYS:EPOCH', '1:DAYS:SIMPLE_DATE_FORMAT:${"yyyy-".repeat(20_000)}', '1:DAYS')`,
    ],
    ["columns", `SELECT ${"delay,".repeat(40_000)}delay FROM flights`],
    ["joins", `SELECT count(*) FROM flights${" JOIN flights USING (delay)".repeat(60)}`],
    [
      "windows",
      `SELECT ${Array.from({ length: 500 }, (_, at) => `sum(delay) OVER (ORDER BY delay + ${at})`)} FROM flights`,
    ],
    [
      "groups",
      `SELECT count(*) FROM flights GROUP BY CUBE (${Array.from({ length: 12 }, (_, at) => `delay % ${at + 2}`)})`,
    ],
  ])("a great many %s", async (_, sql) => {
    const answer = await service.ask(`SET timeoutMs = 300; ${sql}`)
    expect([undefined, 150, 200, 245, 250, 700]).toContain(answer.code)
    await expectNextWorks()
  })
})
