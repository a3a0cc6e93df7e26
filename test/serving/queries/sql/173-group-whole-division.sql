-- group whole division
-- engine: direct
-- ordered

SELECT city, sum(riders) // count(*) FROM trips GROUP BY city ORDER BY city LIMIT 100

-- rows of all
-- ["Accra",2]
-- ["Berlin",3]
-- ["Kyiv",3]
-- ["Lima",2]
-- ["Oslo",3]
-- ["Paris",2]
-- ["Quito",2]
-- ["São Paulo",3]
-- ["Zürich",3]
-- [null,3]
-- rows of newest
-- ["Accra",2]
-- ["Berlin",3]
-- ["Kyiv",3]
-- ["Lima",2]
-- ["Oslo",3]
-- ["Paris",2]
-- ["Quito",2]
-- ["São Paulo",3]
-- ["Zürich",3]
-- [null,3]
