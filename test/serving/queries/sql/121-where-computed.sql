-- where computed
-- engine: duckdb

SELECT count(*), sum(trip) FROM trips WHERE riders + 1 = 3

-- rows of all
-- [201,51188]
-- rows of newest
-- [119,30444]
