-- group order nulls first
-- engine: direct
-- ordered

SELECT city, count(*) FROM trips GROUP BY city ORDER BY city NULLS FIRST LIMIT 3

-- rows of all
-- [null,50]
-- ["Accra",105]
-- ["Berlin",90]
-- rows of newest
-- [null,29]
-- ["Accra",69]
-- ["Berlin",49]
