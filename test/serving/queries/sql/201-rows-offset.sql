-- rows offset
-- engine: direct
-- ordered

SELECT trip, version FROM trips ORDER BY trip, version, started LIMIT 10 OFFSET 100

-- rows of all
-- [59,1]
-- [60,0]
-- [60,2]
-- [61,1]
-- [61,4]
-- [62,0]
-- [63,1]
-- [63,1]
-- [63,1]
-- [64,1]
-- rows of newest
-- [103,4]
-- [104,0]
-- [105,0]
-- [106,2]
-- [107,1]
-- [108,0]
-- [109,0]
-- [110,0]
-- [111,0]
-- [112,2]
