-- rows default limit
-- engine: direct
-- ordered

SELECT trip FROM trips ORDER BY trip, version

-- rows of all
-- [0]
-- [0]
-- [0]
-- [1]
-- [1]
-- [2]
-- [2]
-- [3]
-- [3]
-- [4]
-- rows of newest
-- [0]
-- [1]
-- [2]
-- [3]
-- [4]
-- [5]
-- [6]
-- [7]
-- [8]
-- [9]
