-- left join
-- engine: duckdb
-- ordered

SELECT c.region, count(*) FROM trips t LEFT JOIN cities c ON t.city = c.city GROUP BY c.region ORDER BY c.region LIMIT 100

-- rows of all
-- ["Africa",106]
-- ["America",283]
-- ["Europe",463]
-- [null,48]
-- rows of newest
-- ["Africa",66]
-- ["America",165]
-- ["Europe",283]
-- [null,28]
