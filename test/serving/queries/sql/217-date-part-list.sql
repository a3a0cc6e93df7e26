-- date part list
-- engine: direct
-- ordered

SELECT DISTINCT year(started), month(started), day(started) FROM trips ORDER BY 1, 2, 3 LIMIT 100

-- rows of all
-- [2026,3,1]
-- [2026,3,2]
-- [2026,3,3]
-- [2026,3,4]
-- rows of newest
-- [2026,3,1]
-- [2026,3,2]
-- [2026,3,3]
-- [2026,3,4]
