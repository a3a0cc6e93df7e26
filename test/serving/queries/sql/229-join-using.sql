-- join using
-- engine: duckdb
-- ordered

SELECT region, max(riders) FROM trips JOIN cities USING (city) GROUP BY region ORDER BY region LIMIT 100

-- rows of all
-- ["Africa",5]
-- ["America",5]
-- ["Europe",5]
-- rows of newest
-- ["Africa",5]
-- ["America",5]
-- ["Europe",5]
