-- where function of column
-- engine: duckdb

SELECT count(*), sum(trip) FROM trips WHERE length(city) = 4

-- rows of all
-- [288,79746]
-- rows of newest
-- [174,50090]
