-- rows alias
-- engine: direct
-- ordered

SELECT trip AS id, fare AS price FROM trips WHERE trip = 3 ORDER BY version, started LIMIT 5

-- rows of all
-- [3,"-1.25"]
-- [3,"33.99"]
-- rows of newest
-- [3,"33.99"]
