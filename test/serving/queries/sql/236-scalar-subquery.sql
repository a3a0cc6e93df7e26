-- scalar subquery
-- engine: duckdb

SELECT count(*) FROM trips WHERE fare > (SELECT avg(fare) FROM trips)

-- rows of all
-- [317]
-- rows of newest
-- [204]
