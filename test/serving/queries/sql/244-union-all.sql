-- union all
-- engine: duckdb

SELECT count(*) FROM (SELECT city FROM trips UNION ALL SELECT city FROM cities)

-- rows of all
-- [910]
-- rows of newest
-- [543]
