-- group having not selected
-- engine: direct
-- ordered

SELECT city FROM trips GROUP BY city HAVING max(riders) = 5 ORDER BY city LIMIT 100

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
