-- where long equal
-- engine: duckdb

SELECT count(*), sum(trip) FROM trips WHERE driver = 17

-- rows of all
-- [18,5494]
-- rows of newest
-- [10,3510]
