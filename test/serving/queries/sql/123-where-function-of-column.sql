-- where function of column
-- engine: duckdb

SELECT count(*), sum(trip) FROM trips WHERE length(city) = 4

-- rows of all
-- [287,75573]
-- rows of newest
-- [169,45217]
