-- where coalesce
-- engine: duckdb

SELECT count(*), sum(trip) FROM trips WHERE coalesce(city, 'none') = 'none'

-- rows of all
-- [48,11886]
-- rows of newest
-- [28,6733]
