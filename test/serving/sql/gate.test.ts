import { type DuckDBConnection, DuckDBInstance } from "@duckdb/node-api"
import { beforeAll, describe, expect, test } from "vitest"
import { allowedFunctions, allowedTableFunctions } from "../../../shared/serving/sql/allowed-functions.ts"
import { judge } from "../../../shared/serving/sql/gate.ts"
import { parseTree } from "../../../shared/serving/sql/syntax-tree.ts"

let connection: DuckDBConnection
beforeAll(async () => {
  connection = await (await DuckDBInstance.create(":memory:")).connect()
})

async function judged(sql: string) {
  const reader = await connection.runAndReadAll("SELECT json_serialize_sql($1::VARCHAR)", [sql])
  return judge(parseTree(String(reader.getRows()[0]?.[0])), sql)
}

describe("lets through, and says which tables are read:", () => {
  test.each([
    ["SELECT 1", [], false],
    ["SELECT * FROM flights", ["flights"], false],
    ['FROM Flights f JOIN "AIRPORTS" a ON f.x = a.y LIMIT 5', ["airports", "flights"], true],
    ["SELECT * FROM a WHERE x IN (SELECT y FROM b WHERE EXISTS (FROM c))", ["a", "b", "c"], false],
    ["SELECT * FROM a UNION SELECT * FROM b EXCEPT SELECT * FROM c LIMIT 3", ["a", "b", "c"], true],
    ["WITH x AS (SELECT * FROM a), y AS (SELECT * FROM x) SELECT * FROM y", ["a"], false],
    ["WITH x AS (SELECT * FROM y), y AS (SELECT 1) SELECT * FROM x", ["y"], false],
    ["WITH x AS (SELECT 1) SELECT * FROM a, (WITH z AS (FROM x) FROM z) q", ["a"], false],
    ["SELECT * FROM (WITH z AS (SELECT 1) FROM z) q, z", ["z"], false],
    ["WITH RECURSIVE r AS (SELECT 1 AS n UNION ALL SELECT n + 1 FROM r WHERE n < 9) FROM r", [], false],
    [
      "SELECT * FROM a, LATERAL (SELECT a.x + 1), range(3) r, unnest([1, 2]) u(v), (VALUES (1)) w",
      ["a"],
      false,
    ],
    ["SELECT * FROM a ASOF JOIN b ON a.t >= b.t POSITIONAL JOIN c", ["a", "b", "c"], false],
    ["SELECT * FROM a PIVOT (sum(x) FOR y IN (1, 2))", ["a"], false],
    ["SELECT * FROM (UNPIVOT a ON x, y INTO NAME n VALUE v)", ["a"], false],
    ["SELECT x FROM a QUALIFY row_number() OVER (PARTITION BY x ORDER BY y DESC) = 1 LIMIT ALL", ["a"], true],
    ["SELECT x FROM a LIMIT 10%", ["a"], true],
    ["SELECT x FROM a OFFSET 3", ["a"], false],
    ["SELECT x FROM (SELECT x FROM a LIMIT 3)", ["a"], false],
    [
      "SELECT grouping(x), count(*) FILTER (x > 1) FROM a GROUP BY GROUPING SETS ((x), (y)), ROLLUP (z)",
      ["a"],
      false,
    ],
    [
      "SELECT list_transform(l, lambda v: v + 1), [v FOR v IN l IF v > 1], l[1:2], s.f.g FROM a",
      ["a"],
      false,
    ],
    [
      "SELECT CASE WHEN x THEN 1 END, x::DECIMAL(3, 1), TRY_CAST(x AS STRUCT(a INT, b INT[])), x COLLATE NOCASE FROM a",
      ["a"],
      false,
    ],
    [
      "SELECT x LIKE 'a%' ESCAPE '!', NOT x SIMILAR TO 'b', x BETWEEN 1 AND 2, x IS DISTINCT FROM 3, -x FROM a",
      ["a"],
      false,
    ],
    [
      "SELECT EXTRACT(year FROM t), t AT TIME ZONE 'UTC', INTERVAL 3 DAY, date_trunc('day', t), now() FROM a",
      ["a"],
      false,
    ],
    ["SELECT * EXCLUDE (x) REPLACE (y + 1 AS y), COLUMNS('z.*'), max(COLUMNS(*)) FROM a", ["a"], false],
    ["SELECT j ->> '$.a', j -> 'b', {'a': 1}, MAP {'k': 1}, row(1, 2), unnest(l) FROM a", ["a"], false],
    [
      "SELECT quantile_cont(x, 0.5), percentile_cont(0.5) WITHIN GROUP (ORDER BY x), string_agg(x, ',' ORDER BY x) FROM a",
      ["a"],
      false,
    ],
  ])("%s", async (sql, tables, limited) => {
    expect(await judged(sql)).toEqual({ tables, limited, parameters: 0 })
  })
})

test("what the tree holds beyond what is known is refused", () => {
  const tree = (node: object) => parseTree(JSON.stringify({ error: false, statements: [{ node }] }))
  for (const node of [
    { type: "FUTURE_NODE" },
    { type: "SELECT_NODE", from_table: { type: "FUTURE_REF" } },
    { type: "SELECT_NODE", select_list: [{ class: "FUTURE", type: "FUTURE" }] },
    { type: "SELECT_NODE", select_list: [{ class: "WINDOW", function_name: "future" }] },
    { type: "SELECT_NODE", select_list: [{ class: "FUNCTION", function_name: "abs", schema: "s" }] },
    { type: "SELECT_NODE", select_list: [{ class: "FUNCTION", function_name: "abs", catalog: "system" }] },
  ]) {
    expect(judge(tree(node), "")).toMatchObject({ code: "query_validation" })
  }
  expect(judge(parseTree("[]"), "")).toMatchObject({ code: "sql_parsing" })
})

test("every function on the lists is DuckDB's, and none of those it must not be", async () => {
  const reader = await connection.runAndReadAll(
    "SELECT DISTINCT lower(function_name) FROM duckdb_functions()",
  )
  const known = new Set(reader.getRows().map(([name]) => String(name)))
  // Written by the parser under names that the catalog does not list, or reserved for what may come.
  const parsers = ["**", "overlay", "overlaps", "<<", "!"]
  const unknown = [...allowedFunctions, ...allowedTableFunctions].filter(name => !known.has(name))
  expect(unknown.filter(name => !parsers.includes(name))).toEqual([])
  const forbidden =
    /^(?:read_|duckdb_|pragma_|parquet_|pg_(?!typeof)|has_|inet_|current_(?!date|local)|__)|^(?:query|glob|getenv|getvariable|sniff_csv|nextval|currval|setseed|sleep_ms|write_log)$|serialize|_log/
  expect([...allowedFunctions, ...allowedTableFunctions].filter(name => forbidden.test(name))).toEqual([])
})
