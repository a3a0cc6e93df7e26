-- group where nothing
-- engine: direct

SELECT status, sum(fare) FROM trips WHERE trip < 0 GROUP BY status LIMIT 10

-- rows of all
-- rows of newest
