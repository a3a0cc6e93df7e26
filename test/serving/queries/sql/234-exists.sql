-- exists
-- engine: duckdb

SELECT count(*) FROM cities c WHERE EXISTS (SELECT 1 FROM trips t WHERE t.city = c.city AND t.riders = 5)

-- rows of all
-- [9]
-- rows of newest
-- [9]
