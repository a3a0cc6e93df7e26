-- coalesce group
-- engine: duckdb
-- ordered

SELECT coalesce(city, 'unknown') AS c, count(*) FROM trips GROUP BY c ORDER BY c LIMIT 100

-- rows of all
-- ["Accra",106]
-- ["Berlin",85]
-- ["Kyiv",104]
-- ["Lima",81]
-- ["Oslo",103]
-- ["Paris",103]
-- ["Quito",101]
-- ["São Paulo",101]
-- ["Zürich",68]
-- ["unknown",48]
-- rows of newest
-- ["Accra",66]
-- ["Berlin",48]
-- ["Kyiv",55]
-- ["Lima",52]
-- ["Oslo",67]
-- ["Paris",71]
-- ["Quito",61]
-- ["São Paulo",52]
-- ["Zürich",42]
-- ["unknown",28]
