-- rows least
-- engine: direct
-- ordered

SELECT trip, version, distance FROM trips ORDER BY distance, trip, version, started LIMIT 10

-- rows of all
-- [1,1,0]
-- [9,2,0]
-- [9,2,0]
-- [12,0,0]
-- [12,2,0]
-- [13,5,0]
-- [14,2,0]
-- [18,2,0]
-- [20,1,0]
-- [21,0,0]
-- rows of newest
-- [1,1,0]
-- [12,2,0]
-- [13,5,0]
-- [14,2,0]
-- [18,2,0]
-- [33,2,0]
-- [34,0,0]
-- [38,1,0]
-- [47,0,0]
-- [50,5,0]
