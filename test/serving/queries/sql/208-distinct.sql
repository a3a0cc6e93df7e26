-- distinct
-- engine: direct
-- ordered

SELECT DISTINCT city FROM trips ORDER BY city LIMIT 100

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
