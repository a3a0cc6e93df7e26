-- group by not selected
-- engine: direct
-- ordered

SELECT count(*) FROM trips GROUP BY city ORDER BY 1 LIMIT 100

-- rows of all
-- [48]
-- [68]
-- [81]
-- [85]
-- [101]
-- [101]
-- [103]
-- [103]
-- [104]
-- [106]
-- rows of newest
-- [28]
-- [42]
-- [48]
-- [52]
-- [52]
-- [55]
-- [61]
-- [66]
-- [67]
-- [71]
