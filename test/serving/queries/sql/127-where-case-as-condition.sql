-- where case as condition
-- engine: duckdb

SELECT count(*), sum(trip) FROM trips WHERE CASE WHEN riders > 2 THEN paid ELSE NOT paid END

-- rows of all
-- [462,128423]
-- rows of newest
-- [271,77518]
