-- where concatenated
-- engine: duckdb

SELECT count(*), sum(trip) FROM trips WHERE city || status = 'Oslodone'

-- rows of all
-- [60,17898]
-- rows of newest
-- [38,10871]
