-- full join
-- engine: duckdb

SELECT count(*) FROM trips t FULL JOIN cities c ON t.city = c.city

-- rows of all
-- [901]
-- rows of newest
-- [534]
