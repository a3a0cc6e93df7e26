-- where case as condition
-- engine: duckdb

SELECT count(*), sum(trip) FROM trips WHERE CASE WHEN riders > 2 THEN paid ELSE NOT paid END

-- rows of all
-- [468,130469]
-- rows of newest
-- [273,76674]
