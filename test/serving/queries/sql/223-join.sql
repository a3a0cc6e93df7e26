-- join
-- engine: duckdb
-- ordered

SELECT c.region, count(*), sum(t.fare) FROM trips t JOIN cities c ON t.city = c.city GROUP BY c.region ORDER BY c.region LIMIT 100

-- rows of all
-- ["Africa",106,"1957.56"]
-- ["America",283,"5061.36"]
-- ["Europe",463,"7883.28"]
-- rows of newest
-- ["Africa",66,"1326.28"]
-- ["America",165,"3229.77"]
-- ["Europe",283,"4945.43"]
