-- group having alias
-- engine: direct
-- ordered

SELECT city, sum(riders) AS r FROM trips GROUP BY city HAVING sum(riders) > 200 AND city IS NOT NULL ORDER BY r DESC, city LIMIT 100

-- rows of all
-- ["Quito",311]
-- ["Kyiv",302]
-- ["Paris",301]
-- ["Accra",298]
-- ["Oslo",298]
-- ["Berlin",287]
-- ["São Paulo",285]
-- ["Lima",267]
-- ["Zürich",215]
-- rows of newest
