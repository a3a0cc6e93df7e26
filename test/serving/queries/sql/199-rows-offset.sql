-- rows offset
-- engine: direct
-- ordered

SELECT trip, version FROM trips ORDER BY trip, version, started LIMIT 10 OFFSET 100

-- rows of all
-- [57,1]
-- [58,2]
-- [59,2]
-- [60,0]
-- [60,0]
-- [61,1]
-- [61,4]
-- [62,2]
-- [63,1]
-- [63,1]
-- rows of newest
-- [106,0]
-- [107,2]
-- [108,1]
-- [109,0]
-- [110,0]
-- [111,2]
-- [112,0]
-- [113,2]
-- [114,0]
-- [115,2]
