-- group order by not selected
-- engine: direct
-- ordered

SELECT city FROM trips GROUP BY city ORDER BY count(*) DESC, city LIMIT 3

-- rows of all
-- ["Accra"]
-- ["Kyiv"]
-- ["Oslo"]
-- rows of newest
-- ["Paris"]
-- ["Oslo"]
-- ["Accra"]
