-- group sum case
-- engine: duckdb
-- ordered

SELECT city, sum(CASE WHEN paid THEN riders ELSE 0 END) FROM trips GROUP BY city ORDER BY city LIMIT 100

-- rows of all
-- ["Accra",167]
-- ["Berlin",179]
-- ["Kyiv",181]
-- ["Lima",163]
-- ["Oslo",168]
-- ["Paris",238]
-- ["Quito",179]
-- ["São Paulo",189]
-- ["Zürich",124]
-- [null,96]
-- rows of newest
-- ["Accra",101]
-- ["Berlin",102]
-- ["Kyiv",110]
-- ["Lima",98]
-- ["Oslo",90]
-- ["Paris",149]
-- ["Quito",100]
-- ["São Paulo",99]
-- ["Zürich",74]
-- [null,56]
