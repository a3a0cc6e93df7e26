-- top cities per status
-- engine: duckdb
-- ordered

SELECT status, city, n FROM (SELECT status, city, count(*) AS n, row_number() OVER (PARTITION BY status ORDER BY count(*) DESC, city) AS r FROM trips GROUP BY status, city) WHERE r <= 2 ORDER BY status, r LIMIT 20

-- rows of all
-- ["done","Paris",57]
-- ["done","Oslo",56]
-- ["lost","Quito",21]
-- ["lost","São Paulo",21]
-- ["open","Lima",22]
-- ["open","Quito",19]
-- ["void","Accra",22]
-- ["void","Berlin",21]
-- rows of newest
-- ["done","Paris",33]
-- ["done","Oslo",31]
-- ["lost","Accra",12]
-- ["lost","Berlin",11]
-- ["open","Lima",15]
-- ["open","Accra",13]
-- ["void","Accra",16]
-- ["void","Lima",12]
