-- where is distinct from
-- engine: duckdb

SELECT count(*), sum(trip) FROM trips WHERE city IS DISTINCT FROM 'Oslo'

-- rows of all
-- [797,220914]
-- rows of newest
-- [475,136021]
