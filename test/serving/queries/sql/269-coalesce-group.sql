-- coalesce group
-- engine: duckdb
-- ordered

SELECT coalesce(city, 'unknown') AS c, count(*) FROM trips GROUP BY c ORDER BY c LIMIT 100

-- rows of all
-- ["Accra",105]
-- ["Berlin",90]
-- ["Kyiv",99]
-- ["Lima",92]
-- ["Oslo",96]
-- ["Paris",101]
-- ["Quito",104]
-- ["São Paulo",92]
-- ["Zürich",71]
-- ["unknown",50]
-- rows of newest
-- ["Accra",69]
-- ["Berlin",49]
-- ["Kyiv",54]
-- ["Lima",61]
-- ["Oslo",54]
-- ["Paris",64]
-- ["Quito",61]
-- ["São Paulo",48]
-- ["Zürich",44]
-- ["unknown",29]
