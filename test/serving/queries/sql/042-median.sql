-- median
-- engine: duckdb

SELECT median(riders), quantile_cont(riders, 0.25) FROM trips

-- rows of all
-- [3,2]
-- rows of newest
-- [3,2]
