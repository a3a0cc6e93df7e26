-- rows limit zero
-- engine: direct

SELECT trip FROM trips LIMIT 0

-- rows of all
-- rows of newest
