-- where computed
-- engine: duckdb

SELECT count(*), sum(trip) FROM trips WHERE riders + 1 = 3

-- rows of all
-- [178,47534]
-- rows of newest
-- [102,26528]
