-- mode
-- engine: duckdb

SELECT mode(paid) FROM trips WHERE city = 'Oslo' AND status = 'done' AND trip < 400

-- rows of all
-- [true]
-- rows of newest
-- [true]
