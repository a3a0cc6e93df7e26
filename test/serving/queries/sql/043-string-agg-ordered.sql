-- string agg ordered
-- engine: duckdb

SELECT string_agg(DISTINCT status, ',' ORDER BY status) FROM trips

-- rows of all
-- ["done,lost,open,void"]
-- rows of newest
-- ["done,lost,open,void"]
