-- where upper
-- engine: duckdb

SELECT count(*), sum(trip) FROM trips WHERE upper(city) = 'OSLO'

-- rows of all
-- [103,31125]
-- rows of newest
-- [67,19833]
