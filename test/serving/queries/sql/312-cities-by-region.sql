-- cities by region
-- engine: direct
-- ordered

SELECT region, count(*), sum(population) FROM cities GROUP BY region ORDER BY region LIMIT 100

-- rows of all
-- ["Africa",1,2388000]
-- ["America",4,23385625]
-- ["Europe",5,9893170]
-- rows of newest
-- ["Africa",1,2388000]
-- ["America",4,23385625]
-- ["Europe",5,9893170]
