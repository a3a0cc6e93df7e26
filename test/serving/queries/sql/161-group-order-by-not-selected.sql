-- group order by not selected
-- engine: direct
-- ordered

SELECT city FROM trips GROUP BY city ORDER BY count(*) DESC, city LIMIT 3

-- rows of all
-- ["Accra"]
-- ["Quito"]
-- ["Paris"]
-- rows of newest
-- ["Accra"]
-- ["Paris"]
-- ["Lima"]
