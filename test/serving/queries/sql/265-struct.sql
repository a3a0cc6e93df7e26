-- struct
-- engine: duckdb

SELECT count(*) FROM (SELECT {'c': city, 's': status} AS k FROM trips GROUP BY k)

-- rows of all
-- [40]
-- rows of newest
-- [40]
