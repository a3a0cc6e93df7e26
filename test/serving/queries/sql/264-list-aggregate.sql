-- list aggregate
-- engine: duckdb

SELECT list_sort(list(DISTINCT riders)) FROM trips

-- rows of all
-- [[1,2,3,4,5]]
-- rows of newest
-- [[1,2,3,4,5]]
