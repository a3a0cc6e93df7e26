-- where long exactly beyond doubles
-- engine: duckdb

SELECT count(*), sum(trip) FROM trips WHERE driver = 9007199254740993

-- rows of all
-- [14,4645]
-- rows of newest
-- [7,3074]
