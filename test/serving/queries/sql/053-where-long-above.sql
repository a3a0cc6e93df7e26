-- where long above
-- engine: duckdb

SELECT count(*), sum(trip) FROM trips WHERE driver > 30

-- rows of all
-- [358,99349]
-- rows of newest
-- [222,62428]
