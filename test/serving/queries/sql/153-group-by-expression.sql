-- group by expression
-- engine: direct
-- ordered

SELECT riders * 2 AS r, count(*) FROM trips GROUP BY r ORDER BY r LIMIT 100

-- rows of all
-- [2,160]
-- [4,201]
-- [6,170]
-- [8,196]
-- [10,173]
-- rows of newest
-- [2,94]
-- [4,119]
-- [6,94]
-- [8,120]
-- [10,106]
