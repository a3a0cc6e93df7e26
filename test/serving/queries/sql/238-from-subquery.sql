-- from subquery
-- engine: duckdb

SELECT avg(n) FROM (SELECT driver, count(*) AS n FROM trips GROUP BY driver)

-- rows of all
-- [18]
-- rows of newest
-- [10.66]
