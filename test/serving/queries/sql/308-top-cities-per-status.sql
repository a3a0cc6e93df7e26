-- top cities per status
-- engine: duckdb
-- ordered

SELECT status, city, n FROM (SELECT status, city, count(*) AS n, row_number() OVER (PARTITION BY status ORDER BY count(*) DESC, city) AS r FROM trips GROUP BY status, city) WHERE r <= 2 ORDER BY status, r LIMIT 20

-- rows of all
-- ["done","Oslo",60]
-- ["done","Paris",58]
-- ["lost","São Paulo",27]
-- ["lost","Berlin",17]
-- ["open","Quito",22]
-- ["open","Kyiv",18]
-- ["void","Accra",23]
-- ["void","Berlin",20]
-- rows of newest
-- ["done","Oslo",38]
-- ["done","Paris",38]
-- ["lost","São Paulo",15]
-- ["lost","Lima",12]
-- ["open","Quito",14]
-- ["open","Lima",13]
-- ["void","Oslo",14]
-- ["void","Accra",13]
