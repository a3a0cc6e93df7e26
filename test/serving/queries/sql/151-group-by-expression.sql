-- group by expression
-- engine: direct
-- ordered

SELECT riders * 2 AS r, count(*) FROM trips GROUP BY r ORDER BY r LIMIT 100

-- rows of all
-- [2,185]
-- [4,178]
-- [6,191]
-- [8,181]
-- [10,165]
-- rows of newest
-- [2,106]
-- [4,102]
-- [6,121]
-- [8,108]
-- [10,105]
