-- rows least
-- engine: direct
-- ordered

SELECT trip, version, distance FROM trips ORDER BY distance, trip, version, started LIMIT 10

-- rows of all
-- [1,1,0]
-- [9,2,0]
-- [9,2,0]
-- [12,0,0]
-- [13,5,0]
-- [14,1,0]
-- [14,2,0]
-- [16,0,0]
-- [17,1,0]
-- [24,2,0]
-- rows of newest
-- [1,1,0]
-- [13,5,0]
-- [14,2,0]
-- [16,0,0]
-- [24,2,0]
-- [29,1,0]
-- [31,2,0]
-- [33,2,0]
-- [34,2,0]
-- [43,1,0]
