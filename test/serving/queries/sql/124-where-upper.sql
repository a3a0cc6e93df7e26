-- where upper
-- engine: duckdb

SELECT count(*), sum(trip) FROM trips WHERE upper(city) = 'OSLO'

-- rows of all
-- [96,26733]
-- rows of newest
-- [54,16075]
