-- bool aggregates
-- engine: duckdb

SELECT bool_and(paid), bool_or(paid) FROM trips

-- rows of all
-- [false,true]
-- rows of newest
-- [false,true]
