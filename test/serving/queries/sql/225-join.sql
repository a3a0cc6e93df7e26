-- join
-- engine: duckdb
-- ordered

SELECT c.region, count(*), sum(t.fare) FROM trips t JOIN cities c ON t.city = c.city GROUP BY c.region ORDER BY c.region LIMIT 100

-- rows of all
-- ["Africa",105,"1839.79"]
-- ["America",288,"5080.04"]
-- ["Europe",457,"7772.72"]
-- rows of newest
-- ["Africa",69,"1376.46"]
-- ["America",170,"3301.14"]
-- ["Europe",265,"4591.46"]
