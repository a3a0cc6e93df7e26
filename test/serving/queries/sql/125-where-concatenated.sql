-- where concatenated
-- engine: duckdb

SELECT count(*), sum(trip) FROM trips WHERE city || status = 'Oslodone'

-- rows of all
-- [56,16060]
-- rows of newest
-- [31,9673]
