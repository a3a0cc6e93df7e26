-- self join
-- engine: duckdb

SELECT count(*) FROM trips a JOIN trips b ON a.driver = b.driver AND a.trip < b.trip WHERE a.driver < 5

-- rows of all
-- [744]
-- rows of newest
-- [294]
