-- ntile
-- engine: duckdb
-- ordered

SELECT q, count(*) FROM (SELECT ntile(4) OVER (ORDER BY trip, version) AS q FROM trips) GROUP BY q ORDER BY q LIMIT 10

-- rows of all
-- [1,225]
-- [2,225]
-- [3,225]
-- [4,225]
-- rows of newest
-- [1,134]
-- [2,133]
-- [3,133]
-- [4,133]
