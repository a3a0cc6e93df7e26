import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { type OpenService, openService } from "./fixture.ts"
import { eventTables } from "./pinot-fixture.ts"

let service: OpenService
beforeAll(() => {
  service = openService({ tables: eventTables(), children: 1 })
})
afterAll(() => service.close())

const DAY = 86_400_000

describe("times:", () => {
  test.each([
    [
      "DATETIMECONVERT(ms, '1:MILLISECONDS:EPOCH', '1:DAYS:SIMPLE_DATE_FORMAT:yyyy-MM-dd', '1:DAYS')",
      "1970-01-03",
    ],
    ["DATETIMECONVERT(ms, '1:MILLISECONDS:EPOCH', '1:HOURS:EPOCH', '6:HOURS')", 48],
    [
      "DATETIMECONVERT(ms, '1:MILLISECONDS:EPOCH', '1:MILLISECONDS:EPOCH', '15:MINUTES')",
      2 * DAY + 900_000 * 14,
    ],
    ["DATETIMECONVERT(ts, '1:MILLISECONDS:TIMESTAMP', '1:SECONDS:EPOCH', '1:SECONDS')", 185_400],
    ["DATETIMECONVERT(ms, '1:MILLISECONDS:EPOCH', '1:DAYS:EPOCH', '1:DAYS')", 2],
    [
      "DATETIMECONVERT(ms, 'EPOCH|MILLISECONDS', 'SIMPLE_DATE_FORMAT|yyyy-MM-dd HH:mm|Asia/Kolkata', 'MINUTES|15')",
      "1970-01-03 09:00",
    ],
    [
      "DATETIMECONVERT(day, '1:DAYS:SIMPLE_DATE_FORMAT:yyyyMMdd tz(America/New_York)', '1:MILLISECONDS:EPOCH', '1:MILLISECONDS')",
      2 * DAY + 5 * 3_600_000,
    ],
    [
      "DATETIMECONVERT(ms, '1:MILLISECONDS:EPOCH', '1:MILLISECONDS:EPOCH', '1:DAYS', 'America/New_York')",
      DAY + 18_000_000,
    ],
    ["DATETRUNC('day', ts)", "1970-01-03 00:00:00.0"],
    ["DATETRUNC('HOUR', ms)", 2 * DAY + 3 * 3_600_000],
    ["DATETRUNC('week', ms, 'MILLISECONDS', 'UTC', 'DAYS')", -3],
    ["DATE_TRUNC('day', ms, 'MILLISECONDS', 'America/New_York')", DAY + 18_000_000],
    ["DATE_TRUNC('day', CAST(ms AS TIMESTAMP))", "1970-01-03 00:00:00.0"],
    ["DATE_TRUNC('month', CAST(ts AS TIMESTAMP))", "1970-01-01 00:00:00.0"],
    ["TODATETIME(ms, 'yyyy/M/d''T''HH:mm:ss.SSS')", "1970/1/3T03:30:00.000"],
    ["TODATETIME(ms, 'EEE, d MMM yyyy h:mm a', 'Asia/Kolkata')", "Sat, 3 Jan 1970 9:00 AM"],
    ["FROMDATETIME(day, 'yyyyMMdd')", 2 * DAY],
    ["FROMDATETIME('2020-07-01T12:00:00+02:00', 'yyyy-MM-dd''T''HH:mm:ssZ')", 1_593_597_600_000],
    ["FROMDATETIME('2020-07-01T12:00:00.250Z', 'yyyy-MM-dd''T''HH:mm:ss.SSSZ')", 1_593_604_800_250],
    ["ts < FROMDATETIME('2020-07-01', 'yyyy-MM-dd') AND ts BETWEEN 0 AND ago('PT0S')", true],
    ["ROUND(ms, 300000)", 185_400_000],
    ["ROUND(7654321, 300000)", 7_500_000],
    ["ROUND(12.345, 2)", "12.35"],
    ["ToEpochSeconds(ms)", 185_400],
    ["toEpochMinutes(ts)", 3090],
    ["toEpochHoursRounded(ms, 10)", 50],
    ["TOEPOCHDAYSBUCKET(ms, 2)", 1],
    ["to_epoch_days(ms)", 2],
    ["FromEpochSeconds(185400)", 185_400_000],
    ["fromEpochDaysBucket(2, 3)", 6 * DAY],
    ["TIMECONVERT(3, 'DAYS', 'HOURS')", 72],
    ["TIMECONVERT(5000000, 'MICROSECONDS', 'SECONDS')", 5],
    ["ago('PT1H') - ago('PT2H30M') BETWEEN 5399000 AND 5401000", true],
    ["ago('P1DT-1H') > ago('P1D')", true],
    ["ts > ago('P1D')", false],
    ["ts >= 185400000000", false],
    ["toTimestamp(ms) = ts", true],
    ["fromTimestamp(ts)", 185_400_000],
  ])("%s is %j", async (expression, value) => {
    const answer = await service.ask(`SELECT ${expression} FROM events WHERE id = 2`)
    expect(answer.message).toBe("")
    expect(answer.rows).toEqual([[value]])
  })
})

describe("aggregates and others:", () => {
  test.each([
    ["LASTWITHTIME(kind, ms, 'STRING')", "b", "STRING"],
    ["FIRSTWITHTIME(id, ts, 'LONG') FILTER (WHERE id > 1)", 2, "LONG"],
    ["DISTINCTCOUNT(kind)", 3, "LONG"],
    ["DISTINCTCOUNTHLL(id)", 5, "LONG"],
    ["DISTINCTCOUNTBITMAP(id) FILTER (WHERE kind = 'a')", 2, "LONG"],
    ["PERCENTILE(id, 50)", 2, "DOUBLE"],
    ["PERCENTILE(id, 99.9)", 4, "DOUBLE"],
    ["PERCENTILE80(id)", 4, "DOUBLE"],
    ["PERCENTILE(id, 79)", 3, "DOUBLE"],
    ["PERCENTILEEST95(id)", 4, "LONG"],
    ["PERCENTILETDIGEST(id, 10)", 0.4, "DOUBLE"],
    ["PERCENTILETDIGEST90(id)", 3.6, "DOUBLE"],
    ["MINMAXRANGE(id)", 4, "DOUBLE"],
    ["COUNTMV(tags)", 8, "LONG"],
    ["SUMMV(scores)", 25, "LONG"],
    ["MINMV(scores)", 0, "LONG"],
    ["MAXMV(scores)", 5, "LONG"],
    ["AVGMV(scores)", 2.5, "DOUBLE"],
    ["DISTINCTCOUNTMV(tags)", 4, "LONG"],
    ["DISTINCTCOUNTHLLMV(scores)", 6, "LONG"],
    ["PERCENTILEMV(scores, 50)", 3, "DOUBLE"],
    ["PERCENTILE90MV(scores)", 5, "DOUBLE"],
  ])("%s is %j", async (expression, value, type) => {
    const answer = await service.ask(`SELECT ${expression} FROM events`)
    expect(answer.message).toBe("")
    expect(answer.rows).toEqual([[value]])
    expect(answer.columnDataTypes).toEqual([type])
  })

  test.each([
    ["JSON_EXTRACT_SCALAR(doc, '$.a.b', 'INT')", 2],
    ["JSON_EXTRACT_SCALAR(doc, '$[''a''].b', 'STRING')", "2"],
    ["jsonExtractScalar(doc, '$.list', 'LONG_ARRAY')", [2, 3]],
    ["JSON_EXTRACT_SCALAR(doc, '$.zz', 'LONG', 7)", 7],
    ["JSON_EXTRACT_SCALAR(doc, '$.kind', 'DOUBLE', 0.5)", 0.5],
    ["JSON_EXTRACT_SCALAR(doc, '$.zz', 'STRING')", null],
    ["JSON_EXTRACT_SCALAR('{bad', '$.a', 'STRING', 'none')", "none"],
    ["REGEXP_LIKE(kind, '^[bc]$')", true],
    ["ARRAYLENGTH(scores)", 2],
    ["VALUEIN(scores, 3, 9)", [3]],
    ["STARTSWITH(kind, 'c')", true],
  ])("%s is %j", async (expression, value) => {
    const answer = await service.ask(`SELECT ${expression} FROM events WHERE id = 2`)
    expect(answer.message).toBe("")
    expect(answer.rows).toEqual([[value]])
  })
})

describe("a condition over a multi-value column is true where any value fulfils it:", () => {
  test.each([
    ["tags = 'x'", [0, 2]],
    ["'x' = tags", [0, 2]],
    ["tags <> 'x'", [1, 3, 4]],
    ["tags IN ('x', 'w')", [0, 2, 3]],
    ["tags NOT IN ('x', 'w')", [1, 4]],
    ["scores > 4", [4]],
    ["3 >= scores", [0, 1, 2, 3]],
    ["scores BETWEEN 4 AND 4", [3, 4]],
    ["tags LIKE 'w%'", [3]],
    ["tags NOT LIKE 'w%'", [0, 1, 2, 4]],
    ["REGEXP_LIKE(tags, '[xw]')", [0, 2, 3]],
    ["e.tags = 'x' AND e.id > 0", [2]],
    ["id IN (SELECT id FROM events WHERE tags = 'w')", [3]],
  ])("%s", async (condition, ids) => {
    const answer = await service.ask(`SELECT id FROM events e WHERE ${condition} ORDER BY id`)
    expect(answer.message).toBe("")
    expect(answer.rows).toEqual(ids.map(id => [id]))
  })

  test("and a row stands in the group of each of its values", async () => {
    const grouped = await service.ask(
      "SELECT tags, count(*), sum(id) FROM events WHERE id < 3 GROUP BY tags HAVING count(*) > 0 ORDER BY tags",
    )
    expect(grouped.rows).toEqual([
      ["x", 2, 2],
      ["y", 2, 1],
      ["z", 1, 2],
    ])
  })
})

describe("is refused by name:", () => {
  test.each([
    ["ST_DISTANCE(id, id)", /^Unsupported function: st_distance \(line 1, column 8\)/],
    ["TEXT_MATCH(kind, 'a')", /^Unsupported function: text_match/],
    ["JSON_MATCH(doc, 'a')", /^Unsupported function: json_match/],
    ["LOOKUP('t', 'c', 'k', id)", /^Unsupported function: lookup/],
    ["DISTINCTCOUNTRAWHLL(id)", /^Unsupported function: distinctcountrawhll/],
    ["IDSET(id)", /^Unsupported function: idset/],
    ["constructor(id)", /^Unsupported function: constructor/],
    ["pinot_millis(id)", /^Unsupported function: pinot_millis/],
    ["DATETIMECONVERT(ms)", /^datetimeconvert takes 4 to 5 arguments, found 1 \(line 1, column 8\)/],
    ["DATETIMECONVERT(ms, 'x', 'y', 'z')", /^datetimeconvert: 'y' is no format of a time/],
    ["DATETIMECONVERT(ms, kind, kind, kind)", /^datetimeconvert: expected a format/],
    ["TODATETIME(ms, 'kk')", /^todatetime: unsupported in 'kk': kk/],
    ["DATETRUNC('day', ms, 'EONS')", /^datetrunc: expected NANOSECONDS, .* found 'EONS'/],
    ["PERCENTILE(id, 101)", /^percentile: expected a percentile from 0 to 100, found 101/],
    ["PERCENTILE(id, id)", /^percentile: expected a percentile from 0 to 100 as argument 2/],
    ["LASTWITHTIME(id, ms, 'VECTOR')", /^lastwithtime: expected INT, .* found 'VECTOR'/],
    ["JSON_EXTRACT_SCALAR(doc, '$..a', 'INT')", /^json_extract_scalar: unsupported path '\$\.\.a'/],
    ["ago('PT')", /^ago: expected a duration/],
    ["toEpochDaysBucket(ms, 0)", /^toepochdaysbucket: expected a whole number above 0, found 0/],
  ])("%s", async (expression, message) => {
    const answer = await service.ask(`SELECT ${expression} FROM events`)
    expect(answer.message).toMatch(message)
    expect(answer.code).toBe(700)
    expect((await service.ask("SELECT DISTINCTCOUNT(id) FROM events")).rows).toEqual([[5]])
  })
})

test("what is written otherwise keeps its name, and constants their types", async () => {
  const sql =
    "SELECT DISTINCTCOUNT(kind), 1e3, 1.50, 99999999999999999999, DISTINCTCOUNT(id) AS n FROM events"
  const answer = await service.ask(sql)
  expect(answer.columnNames).toMatchObject({ 0: "distinctcount(kind)", 4: "n" })
  expect(answer.columnDataTypes).toEqual(["LONG", "DOUBLE", "BIG_DECIMAL", "BIG_DECIMAL", "LONG"])
  expect(answer.rows).toEqual([[3, 1000, "1.5", "99999999999999999999", 5]])
})
