-- arg max
-- engine: duckdb

SELECT arg_max(trip, version * 10000 + trip), arg_min(trip, version * 10000 + trip) FROM trips WHERE trip < 50

-- rows of all
-- [46,0]
-- rows of newest
-- [30,16]
