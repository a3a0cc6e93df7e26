-- group by case
-- engine: duckdb
-- ordered

SELECT CASE WHEN riders > 2 THEN 'many' ELSE 'few' END AS k, count(*) FROM trips GROUP BY k ORDER BY k

-- rows of all
-- ["few",363]
-- ["many",537]
-- rows of newest
-- ["few",208]
-- ["many",334]
