-- rows json nested
-- engine: duckdb
-- ordered

SELECT trip, details->'app'->>'version' AS v FROM trips WHERE details->>'device' = 'phone' ORDER BY trip, version, started LIMIT 10

-- rows of all
-- [0,"3.1"]
-- [0,"3.3"]
-- [0,"2.2"]
-- [1,"3.3"]
-- [2,"1.0"]
-- [2,"1.2"]
-- [5,"1.1"]
-- [5,"1.1"]
-- [6,"2.0"]
-- [7,"2.2"]
-- rows of newest
-- [0,"2.2"]
-- [1,"3.3"]
-- [2,"1.2"]
-- [5,"1.1"]
-- [6,"2.0"]
-- [7,"3.1"]
-- [11,"1.3"]
-- [12,"1.2"]
-- [13,"1.2"]
-- [14,"1.1"]
