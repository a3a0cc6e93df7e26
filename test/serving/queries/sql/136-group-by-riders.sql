-- group by riders
-- engine: direct
-- ordered

SELECT riders, count(*) FROM trips GROUP BY riders ORDER BY 2 DESC, 1 LIMIT 25

-- rows of all
-- [2,201]
-- [4,196]
-- [5,173]
-- [3,170]
-- [1,160]
-- rows of newest
-- [4,120]
-- [2,119]
-- [5,106]
-- [1,94]
-- [3,94]
