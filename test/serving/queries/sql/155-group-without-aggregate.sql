-- group without aggregate
-- engine: direct
-- ordered

SELECT city FROM trips GROUP BY city ORDER BY city LIMIT 100

-- rows of all
-- ["Accra"]
-- ["Berlin"]
-- ["Kyiv"]
-- ["Lima"]
-- ["Oslo"]
-- ["Paris"]
-- ["Quito"]
-- ["São Paulo"]
-- ["Zürich"]
-- [null]
-- rows of newest
-- ["Accra"]
-- ["Berlin"]
-- ["Kyiv"]
-- ["Lima"]
-- ["Oslo"]
-- ["Paris"]
-- ["Quito"]
-- ["São Paulo"]
-- ["Zürich"]
-- [null]
