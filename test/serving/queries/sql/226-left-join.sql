-- left join
-- engine: duckdb
-- ordered

SELECT c.region, count(*) FROM trips t LEFT JOIN cities c ON t.city = c.city GROUP BY c.region ORDER BY c.region LIMIT 100

-- rows of all
-- ["Africa",105]
-- ["America",288]
-- ["Europe",457]
-- [null,50]
-- rows of newest
-- ["Africa",69]
-- ["America",170]
-- ["Europe",265]
-- [null,29]
