-- where modulo
-- engine: duckdb

SELECT count(*), sum(trip) FROM trips WHERE riders % 2 = 0

-- rows of all
-- [397,107505]
-- rows of newest
-- [239,65600]
