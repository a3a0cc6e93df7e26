-- where is distinct from
-- engine: duckdb

SELECT count(*), sum(trip) FROM trips WHERE city IS DISTINCT FROM 'Oslo'

-- rows of all
-- [804,222940]
-- rows of newest
-- [479,134830]
