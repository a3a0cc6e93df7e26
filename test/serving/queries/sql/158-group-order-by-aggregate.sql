-- group order by aggregate
-- engine: direct
-- ordered

SELECT city, sum(fare) AS s FROM trips GROUP BY city ORDER BY s DESC, city LIMIT 3

-- rows of all
-- ["São Paulo","2013.46"]
-- ["Accra","1957.56"]
-- ["Quito","1781.59"]
-- rows of newest
-- ["Accra","1326.28"]
-- ["São Paulo","1235.82"]
-- ["Paris","1212.68"]
