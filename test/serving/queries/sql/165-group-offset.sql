-- group offset
-- engine: direct
-- ordered

SELECT driver, count(*) FROM trips GROUP BY driver ORDER BY driver LIMIT 5 OFFSET 7

-- rows of all
-- [7,15]
-- [8,22]
-- [9,15]
-- [10,10]
-- [11,17]
-- rows of newest
-- [7,6]
-- [8,14]
-- [9,13]
-- [10,3]
-- [11,9]
