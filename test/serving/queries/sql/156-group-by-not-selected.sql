-- group by not selected
-- engine: direct
-- ordered

SELECT count(*) FROM trips GROUP BY city ORDER BY 1 LIMIT 100

-- rows of all
-- [50]
-- [71]
-- [90]
-- [92]
-- [92]
-- [96]
-- [99]
-- [101]
-- [104]
-- [105]
-- rows of newest
-- [29]
-- [44]
-- [48]
-- [49]
-- [54]
-- [54]
-- [61]
-- [61]
-- [64]
-- [69]
