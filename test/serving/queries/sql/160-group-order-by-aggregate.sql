-- group order by aggregate
-- engine: direct
-- ordered

SELECT city, sum(fare) AS s FROM trips GROUP BY city ORDER BY s DESC, city LIMIT 3

-- rows of all
-- ["Quito","1910.23"]
-- ["Berlin","1850.62"]
-- ["Accra","1839.79"]
-- rows of newest
-- ["Accra","1376.46"]
-- ["Quito","1278.6"]
-- ["Paris","1130.61"]
