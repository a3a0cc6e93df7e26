-- asof-like
-- engine: duckdb

SELECT count(*) FROM trips t JOIN (SELECT city, min(started) AS s FROM trips GROUP BY city) f ON t.city = f.city AND t.started = f.s

-- rows of all
-- [9]
-- rows of newest
-- [9]
