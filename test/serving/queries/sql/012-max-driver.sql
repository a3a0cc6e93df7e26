-- max driver
-- engine: duckdb

SELECT max(driver) FROM trips

-- rows of all
-- [9007199254740992]
-- rows of newest
-- [9007199254740992]
