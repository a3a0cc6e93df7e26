-- where long exactly beyond doubles
-- engine: duckdb

SELECT count(*), sum(trip) FROM trips WHERE serial = 9007199254740993

-- rows of all
-- [12,3732]
-- rows of newest
-- [7,2455]
