-- group order nulls first
-- engine: direct
-- ordered

SELECT city, count(*) FROM trips GROUP BY city ORDER BY city NULLS FIRST LIMIT 3

-- rows of all
-- [null,48]
-- ["Accra",106]
-- ["Berlin",85]
-- rows of newest
-- [null,28]
-- ["Accra",66]
-- ["Berlin",48]
