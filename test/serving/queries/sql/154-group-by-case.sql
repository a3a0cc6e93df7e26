-- group by case
-- engine: duckdb
-- ordered

SELECT CASE WHEN riders > 2 THEN 'many' ELSE 'few' END AS k, count(*) FROM trips GROUP BY k ORDER BY k

-- rows of all
-- ["few",361]
-- ["many",539]
-- rows of newest
-- ["few",213]
-- ["many",320]
