-- where coalesce
-- engine: duckdb

SELECT count(*), sum(trip) FROM trips WHERE coalesce(city, 'none') = 'none'

-- rows of all
-- [50,11318]
-- rows of newest
-- [29,6046]
