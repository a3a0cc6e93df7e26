/**
 * Macros of a query's session, below what Pinot's functions are written as. They take what Pinot takes: an instant as
 * epoch milliseconds or as a TIMESTAMP. Each stands for one expression, so it costs nothing when a query runs.
 * Parameters of lambdas begin with two underscores: a column of the same name in an argument would be taken for them.
 */
const bodies: Readonly<Record<string, string>> = {
  // Epoch milliseconds of whatever says an instant.
  pinot_millis: `(x BIGINT) AS x, (x TIMESTAMP) AS epoch_ms(x), (x TIMESTAMPTZ) AS epoch_ms(x),
    (x DOUBLE) AS CAST(trunc(x) AS BIGINT), (x VARCHAR) AS epoch_ms(CAST(x AS TIMESTAMP))`,
  pinot_timestamp: `(x TIMESTAMP) AS x, (x BIGINT) AS epoch_ms(x), (x TIMESTAMPTZ) AS CAST(x AS TIMESTAMP),
    (x DOUBLE) AS epoch_ms(CAST(trunc(x) AS BIGINT)), (x VARCHAR) AS CAST(x AS TIMESTAMP)`,
  // A number as Pinot's aggregates take it.
  pinot_number: `(x DOUBLE) AS x, (x BIGINT) AS CAST(x AS DOUBLE), (x DECIMAL(38, 9)) AS CAST(x AS DOUBLE),
    (x TIMESTAMP) AS CAST(epoch_ms(x) AS DOUBLE), (x BOOLEAN) AS CAST(CAST(x AS INTEGER) AS DOUBLE)`,
  // Local time of epoch milliseconds, without a zone, and back.
  pinot_local: "(x, zone) AS timezone(zone, timezone('UTC', epoch_ms(x)))",
  pinot_utc_millis: "(local, zone) AS epoch_ms(timezone(zone, local))",
  pinot_trunc: "(unit, x) AS epoch_ms(date_trunc(unit, epoch_ms(x)))",
  pinot_trunc_zone: "(unit, x, zone) AS pinot_utc_millis(date_trunc(unit, pinot_local(x, zone)), zone)",
  pinot_bucket: "(width, local, parent) AS time_bucket(width, local, date_trunc(parent, local))",
  pinot_datetrunc: `(unit VARCHAR, x TIMESTAMP) AS date_trunc(unit, x), (unit VARCHAR, x BIGINT) AS pinot_trunc(unit, x),
    (unit VARCHAR, x TIMESTAMPTZ) AS date_trunc(unit, CAST(x AS TIMESTAMP)),
    (unit VARCHAR, x DOUBLE) AS pinot_trunc(unit, CAST(trunc(x) AS BIGINT))`,
  // The value at the place of rank n × percentile / 100, counted from 0, of what is sorted.
  pinot_ranked:
    "(sorted, percentile) AS sorted[1 + least(len(sorted) - 1, CAST(floor(len(sorted) * percentile / 100) AS BIGINT))]",
  pinot_any_between: "(l, low, high) AS len(list_filter(l, lambda __v: __v BETWEEN low AND high)) > 0",
  pinot_any_match: "(l, pattern) AS len(list_filter(l, lambda __v: regexp_matches(__v, pattern))) > 0",
  pinot_any_like: "(l, pattern) AS len(list_filter(l, lambda __v: __v LIKE pattern)) > 0",
  pinot_doubles: "(l) AS CAST(l AS DOUBLE[])",
  // Counted from 0; an end below 0 is the text's.
  pinot_substr: `(x, first) AS substring(x, first + 1),
    (x, first, past) AS substring(x, first + 1, CASE WHEN past < 0 THEN 2147483647 ELSE past - first END)`,
  pinot_round:
    "(x BIGINT, n BIGINT) AS (x // n) * n, (x DOUBLE, n BIGINT) AS (CAST(trunc(x) AS BIGINT) // n) * n",
}

export const macroNames: readonly string[] = Object.keys(bodies)

/** One statement each, in an order in which each finds those that it calls. */
export const macroStatements: readonly string[] = Object.entries(bodies).map(
  ([name, body]) => `CREATE MACRO ${name}${body}`,
)
