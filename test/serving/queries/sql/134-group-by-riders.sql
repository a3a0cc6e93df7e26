-- group by riders
-- engine: direct
-- ordered

SELECT riders, count(*) FROM trips GROUP BY riders ORDER BY 2 DESC, 1 LIMIT 25

-- rows of all
-- [3,191]
-- [1,185]
-- [4,181]
-- [2,178]
-- [5,165]
-- rows of newest
-- [3,121]
-- [4,108]
-- [1,106]
-- [5,105]
-- [2,102]
