-- where long below
-- engine: duckdb

SELECT count(*), sum(trip) FROM trips WHERE driver < 9

-- rows of all
-- [144,39441]
-- rows of newest
-- [88,24287]
