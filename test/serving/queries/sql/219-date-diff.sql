-- date diff
-- engine: duckdb

SELECT max(date_diff('minute', TIMESTAMP '2026-03-01 00:00:00', started)) FROM trips

-- rows of all
-- [5731]
-- rows of newest
-- [5729]
