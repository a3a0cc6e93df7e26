-- group having
-- engine: direct
-- ordered

SELECT city, count(*) AS n FROM trips GROUP BY city HAVING count(*) > 80 ORDER BY city LIMIT 100

-- rows of all
-- ["Accra",106]
-- ["Berlin",85]
-- ["Kyiv",104]
-- ["Lima",81]
-- ["Oslo",103]
-- ["Paris",103]
-- ["Quito",101]
-- ["São Paulo",101]
-- rows of newest
