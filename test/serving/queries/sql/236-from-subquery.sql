-- from subquery
-- engine: duckdb

SELECT avg(n) FROM (SELECT driver, count(*) AS n FROM trips GROUP BY driver)

-- rows of all
-- [17.647058823529413]
-- rows of newest
-- [10.627450980392156]
