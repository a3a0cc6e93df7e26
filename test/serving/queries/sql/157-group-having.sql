-- group having
-- engine: direct
-- ordered

SELECT city, count(*) AS n FROM trips GROUP BY city HAVING count(*) > 80 ORDER BY city LIMIT 100

-- rows of all
-- ["Accra",105]
-- ["Berlin",90]
-- ["Kyiv",99]
-- ["Lima",92]
-- ["Oslo",96]
-- ["Paris",101]
-- ["Quito",104]
-- ["São Paulo",92]
-- rows of newest
